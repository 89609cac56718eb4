import { type INestApplicationContext, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { ACCESS, type Access } from '../http/access/permissions.js';

/** Of @nestjs/graphql, which exports neither. */
const RESOLVER_TYPE = 'graphql:resolver_type';
const RESOLVER_NAME = 'graphql:resolver_name';
const OPERATIONS = ['Query', 'Mutation', 'Subscription'];

type Handler = (...parameters: never[]) => unknown;

/**
 * Whom each route and each operation of an application is for, found by looking at all its classes: `GET /processes` or
 * `Mutation placeOrder`, and the scope and roles that it is for, `everybody`, or `nobody` where it does not say.
 */
export function accessTable(app: INestApplicationContext): Record<string, string> {
  const classes = new Set<Type>();
  for (const module of app.get(ModulesContainer).values())
    for (const { metatype } of [...module.controllers.values(), ...module.providers.values()])
      if (typeof metatype === 'function') classes.add(metatype as Type);
  return tableOf([...classes]);
}

export function tableOf(classes: readonly Type[]): Record<string, string> {
  const rows = classes.flatMap((type) =>
    handlersOf(type).flatMap((handler) => {
      const name = nameOf(type, handler);
      return name === undefined ? [] : [[name, inWords(accessOf(type, handler))] as const];
    }),
  );
  return Object.fromEntries(rows.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function handlersOf({ prototype }: Type): Handler[] {
  const { constructor: _itself, ...methods } = Object.getOwnPropertyDescriptors((prototype ?? {}) as object);
  return Object.values(methods).flatMap(({ value }: PropertyDescriptor) =>
    typeof value === 'function' ? [value as Handler] : [],
  );
}

function nameOf(type: Type, handler: Handler): string | undefined {
  const operation = textIn(RESOLVER_TYPE, handler);
  if (operation !== undefined && OPERATIONS.includes(operation))
    return `${operation} ${textIn(RESOLVER_NAME, handler) ?? handler.name}`;
  const path = textIn(PATH_METADATA, handler);
  if (path === undefined) return undefined;
  const full = [textIn(PATH_METADATA, type), path].join('/').replaceAll(/\/+/g, '/');
  return `${RequestMethod[numberIn(METHOD_METADATA, handler)]} /${full.replace(/^\/|\/$/g, '')}`;
}

const accessOf = (type: Type, handler: Handler): Access | undefined => accessIn(handler) ?? accessIn(type);

function inWords(access: Access | undefined): string {
  if (access === undefined) return 'nobody';
  return access === 'everybody' ? access : `${access.scope}: ${access.roles.join(', ')}`;
}

const textIn = (key: string, of: object) => Reflect.getMetadata(key, of) as string | undefined;
const numberIn = (key: string, of: object) => (Reflect.getMetadata(key, of) as number | undefined) ?? 0;
const accessIn = (of: object) => Reflect.getMetadata(ACCESS, of) as Access | undefined;
