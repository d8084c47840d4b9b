/**
 * Virtual keys: what callers of the gateway authenticate with. A secret is shown once, when it is made;
 * kept is only its hash.
 *
 * @module
 */

/** A key as it is kept. */
export interface KeyRecord {
  /** ULID. */
  readonly id: string;
  /** Who pays: the tenant in the ledger's rows. Given once for ever. */
  readonly name: string;
  /** The first characters of the newest secret, to tell keys apart in lists: `fk-3f9a`. */
  readonly prefix: string;
  /** Globs of models that may answer; undefined: all. */
  readonly models: readonly string[] | undefined;
  /** Globs of tasks that may be asked for; undefined: all. */
  readonly tasks: readonly string[] | undefined;
  /** Put on each call of the key; they win over the caller's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, like all times here. */
  readonly createdAt: number;
  /** From this time on the key is refused. */
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** When the newest secret was made, where it is not the first. */
  readonly rotatedAt?: number;
  /** To the minute, roughly: not every call is written down. */
  readonly lastUsedAt?: number;
}

/** What a new key shall be. */
export interface KeyRequest {
  readonly name: string;
  readonly models?: readonly string[] | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the epoch. @default never */
  readonly expiresAt?: number | undefined;
}

/** A key with a new secret: the only time that it can be seen. */
export interface IssuedKey {
  readonly key: KeyRecord;
  readonly secret: string;
}

/** What a secret stands for. */
export interface Credential {
  readonly key: KeyRecord;
  /** When a rotation ended or will end this secret, in ms since the epoch; undefined: not replaced. */
  readonly validUntil: number | undefined;
}

/** A place for keys. Several processes may share it. */
export interface KeyStore {
  /** Makes a key. Throws `invalid_value` for a name that was ever given before, and as `checkKeyRequest` does. */
  create(wanted: KeyRequest): Promise<IssuedKey>;
  /** All keys, revoked and expired ones too, oldest first. */
  list(): Promise<readonly KeyRecord[]>;
  /**
   * What the secret with this hash stands for, also where it is no longer good for anything: whoever
   * holds it may be told why.
   */
  find(secretHash: string): Promise<Credential | undefined>;
  /** Ends a key for good; one that was revoked before stays as it is. Throws `invalid_value` for an unknown one. */
  revoke(idOrName: string): Promise<KeyRecord>;
  /**
   * Gives a key a new secret. Earlier ones stop after `graceMs` (at once by default), or when an earlier
   * rotation said so. Throws `invalid_value` for a key that is unknown, revoked or expired.
   */
  rotate(idOrName: string, graceMs?: number): Promise<IssuedKey>;
  /** A number that differs after each change by anybody, except {@link markUsed}. Cheap: asked for all the time. */
  version(): Promise<number>;
  /** Writes down when keys were used last: ids with times. A time never goes back; unknown ids are passed over. */
  markUsed(uses: ReadonlyMap<string, number>): Promise<void>;
}
