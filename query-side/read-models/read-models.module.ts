import { Module } from '@nestjs/common';

/** What the features share; `QuerySideModule` gives it its providers. */
@Module({})
export class ReadModelsModule {}
