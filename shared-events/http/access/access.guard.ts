import { type CanActivate, type ExecutionContext, Injectable, createParamDecorator } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type GqlContextType, GqlExecutionContext } from '@nestjs/graphql';
import { Callers, type Source } from './callers.js';
import { type Access, ACCESS } from './permissions.js';
import { type Permission, type Principal, isAllowed } from './principal.js';
import { graphqlRefusal, problemRefusal } from './refusal-answers.js';
import { Forbidden } from './refusals.js';

/** Nothing is open that does not say to whom. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector = new Reflector();

  constructor(private readonly callers: Callers) {}

  /** Throws what says so in the words of GraphQL or HTTP, by which of them the caller came. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.#reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'everybody') return true;
    try {
      proved.set(sourceOf(context), await this.#allowed(sourceOf(context), access));
    } catch (error) {
      throw isGraphql(context) ? graphqlRefusal(error) : problemRefusal(error);
    }
    return true;
  }

  async #allowed(source: Source, access: Permission | undefined): Promise<Principal> {
    const principal = await this.callers.of(source);
    if (access && isAllowed(principal, access)) return principal;
    throw new Forbidden('you may not do that');
  }
}

/** Of requests that the guard has let through. */
const proved = new WeakMap<Source, Principal>();

/** Who asks. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext) => callerIn(context));

export function callerIn(context: ExecutionContext): Principal {
  const principal = proved.get(sourceOf(context));
  if (!principal) throw new Error('nobody was asked who they are');
  return principal;
}

function sourceOf(context: ExecutionContext): Source {
  if (!isGraphql(context)) return context.switchToHttp().getRequest<Source>();
  return GqlExecutionContext.create(context).getContext<{ readonly req: Source }>().req;
}

const isGraphql = (context: ExecutionContext): boolean => context.getType<GqlContextType>() === 'graphql';
