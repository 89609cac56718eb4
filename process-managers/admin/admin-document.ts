import { type INestApplication, Module, type Provider, type Type } from '@nestjs/common';
import { PARAMTYPES_METADATA, SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { adminControllers } from './admin.module.js';

/** Rises with a change that a caller of the old API could not take. */
const ADMIN_API_VERSION = 1;

/** The OpenAPI document of what an application serves. */
export function documentOf(app: INestApplication): OpenAPIObject {
  const document = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Order system: admin API')
    .setDescription(
      'What the process managers do and wait for. Errors are RFC 9457 problem details. Within a version answers may get further fields, and their enumerations further values: callers pass over what they do not know.',
    )
    .setVersion(String(ADMIN_API_VERSION))
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'A token of an operator or admin, or an API key.',
    })
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, document);
}

@Module({})
class Described {}

/** The document that a running admin API serves, from its controllers alone: nothing is started or connected to. */
export async function describeAdminApi(): Promise<OpenAPIObject> {
  const providers = adminControllers.flatMap(dependenciesOf);
  const app = await NestFactory.create(
    { module: Described, controllers: adminControllers, providers },
    { preview: true, logger: false, abortOnError: false },
  );
  return documentOf(app);
}

/** Whatever a controller wants to be given, with nothing in it: in preview mode Nest makes no controller. */
function dependenciesOf(controller: Type): Provider[] {
  const types = metadataOf<unknown>(PARAMTYPES_METADATA, controller);
  const injected = metadataOf<{ index: number; param: unknown }>(SELF_DECLARED_DEPS_METADATA, controller);
  return types.map((type, at) => {
    const token = injected.find(({ index }) => index === at)?.param ?? type;
    return { provide: token as Type, useValue: undefined };
  });
}

const metadataOf = <Entry>(key: string, controller: Type): Entry[] =>
  (Reflect.getMetadata(key, controller) ?? []) as Entry[];
