import { createHash, timingSafeEqual } from 'node:crypto';
import { type ServerInterceptor, ServerInterceptingCall, type Metadata } from '@grpc/grpc-js';
import { accessDenied, notAuthenticated, type RpcError } from './errors.js';

/** Passwords by user. All of them may do everything: access control lists are kept and not applied. */
export type Users = Readonly<Record<string, string>>;

/** What a client may ask before it says who it is, as on the server. */
const OPEN_TO_ALL = [
  '/event_store.client.gossip.Gossip/Read',
  '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
];

/** Refuses calls that do not come with a user's name and password (HTTP's Basic scheme). */
export function onlyFor(users: Users): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const refusal = OPEN_TO_ALL.includes(path) ? undefined : refusalOf(users, metadata);
            if (refusal === undefined) return proceed(metadata);
            call.sendStatus({ code: refusal.code, details: refusal.details, metadata: refusal.metadata });
          },
        }),
    });
}

function refusalOf(users: Users, metadata: Metadata): RpcError | undefined {
  const [header] = metadata.get('authorization');
  if (header === undefined) return accessDenied();
  const [, encoded = ''] = /^Basic (.+)$/i.exec(header.toString()) ?? [];
  const [, name = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const known = Object.hasOwn(users, name) ? users[name] : undefined;
  // Compared all the same where there is no such user: how long it takes tells nothing.
  const isRight = timingSafeEqual(digest(password), digest(known ?? ''));
  return isRight && known !== undefined ? undefined : notAuthenticated();
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
