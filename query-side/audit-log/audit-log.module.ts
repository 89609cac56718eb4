import { Module } from '@nestjs/common';
import { AuditLogQueries } from './audit-log.queries.js';
import { AuditLogResolver } from './audit-log.resolver.js';

@Module({ providers: [AuditLogQueries, AuditLogResolver] })
export class AuditLogModule {}
