/** Nobody said who they are, or it could not be proved. The message is for the caller. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated';
}

/** It is known who asks, and they may not do that. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

/** Who issues the tokens cannot be asked for its keys: it may be tried again. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}
