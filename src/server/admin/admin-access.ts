/**
 * Who may use the admin API.
 *
 * @module
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { FarthingError } from '../../errors.ts';

/** Throws `missing_api_key` or `invalid_api_key` unless the request carries the secret of the admin API. */
export function requireAdmin(authorization: string | undefined, adminKey: string): void {
  const presented = /^\s*bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  if (presented === undefined) {
    throw new FarthingError(
      'missing_api_key',
      'The admin API takes its own secret (admin-key, FARTHING_ADMIN_KEY) as "Authorization: Bearer …".',
    );
  }
  // Hashes have one length, and comparing them in constant time tells nothing of the secret.
  if (!timingSafeEqual(digest(presented), digest(adminKey))) {
    throw new FarthingError(
      'invalid_api_key',
      "The secret that was sent is not that of the admin API; a gateway's own keys are none.",
    );
  }
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
