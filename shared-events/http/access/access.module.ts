import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import type { Callers } from './callers.js';

/** For an application: every route and resolver of it is closed but to whom it says. */
@Module({})
export class AccessModule {
  static register(callers: Callers): DynamicModule {
    return {
      module: AccessModule,
      providers: [{ provide: APP_GUARD, useValue: new AccessGuard(callers) }],
    };
  }
}
