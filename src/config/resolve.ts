/**
 * From the file's form to the configuration: defaults put in, names resolved, checks made.
 *
 * @module
 */
import { createCheck } from '../checks/registry.ts';
import { toFarthingError } from '../errors.ts';
import { nearest } from '../pricing/nearest.ts';
import type { Config, Match, Model, Provider, Task, Tier, WeightedCheck } from './config.ts';
import { type Environment, expand, readVariable } from './environment.ts';
import { findHost, HOSTS } from './hosts.ts';
import { ownPrices } from './own-price.ts';
import { type ListedModels, ModelRegistry } from './models.ts';
import { priceSettings } from './price-settings.ts';
import type { Path, Problems } from './problems.ts';
import { resolveAdminKey } from './resolve-admin-key.ts';
import { type CacheOptions, resolveCache, resolveTaskCache } from './resolve-cache.ts';
import { resolveSemantic } from './resolve-semantic.ts';
import { resolveSpending } from './resolve-spending.ts';
import type { FileForm, ModelForm, ProviderForm, TaskForm, TierForm } from './schema.ts';
import { parseAddress, parseDuration, parseMoney, parseSize } from './units.ts';

/** What resolving needs beside the file. */
export interface ResolveOptions {
  readonly environment: Environment;
  readonly prices: ListedModels;
  readonly problems: Problems;
  /** Where paths of the file start. */
  readonly directory: string;
}

/** Resolves a file whose form is right. What is wrong is added to the problems. */
export async function resolve(form: FileForm, options: ResolveOptions): Promise<Config> {
  const { problems, prices } = options;
  const providers = resolveProviders(form, options);
  const models = new Map(
    Object.entries(form.models ?? {}).flatMap(([name, model]) => {
      const resolved = resolveModel(name, model, { ...options, providers });
      return resolved === undefined ? [] : [[name, resolved] as const];
    }),
  );
  const registry = new ModelRegistry({ models, providers }, prices);
  const topSemantic = resolveSemantic(form.cache?.semantic, ['cache', 'semantic'], {
    registry,
    problems,
  });
  const caching = { ...options, registry, top: form.cache, topSemantic };
  const tasks = new Map<string, Task>();
  for (const [name, task] of Object.entries(form.tasks ?? {})) {
    tasks.set(name, await resolveTask(name, task, caching));
  }
  const listen = parseAddress(form.listen ?? '127.0.0.1:4960');
  if (listen === undefined) problems.add(['listen'], 'must be an address such as 127.0.0.1:4960');
  return {
    listen: listen ?? { host: '127.0.0.1', port: 4960 },
    data: form.data ?? './farthing.db',
    ...priceSettings(form, options.directory),
    reference: modelAt(form.reference, ['reference'], { ...options, registry }),
    providers,
    models,
    tasks,
    spending: resolveSpending(form, options),
    cache: await resolveCache(caching),
    adminKey: resolveAdminKey(form['admin-key'], options),
    maxBodyBytes: parseSize(form['max-body'] ?? '32mb') ?? 0,
    keepAliveMs: parseDuration(form['keep-alive'] ?? '15s') ?? 0,
    drainMs: parseDuration(form.drain ?? '30s') ?? 0,
    sandbox: false,
  };
}

function resolveProviders(form: FileForm, options: ResolveOptions): Map<string, Provider> {
  const providers = new Map<string, Provider>();
  for (const [name, given] of Object.entries(form.providers ?? {})) {
    const provider = resolveProvider(name, given ?? {}, options);
    if (provider !== undefined) providers.set(name, provider);
  }
  return providers;
}

/** A provider by its form. */
export function resolveProvider(
  name: string,
  form: ProviderForm,
  { problems, environment }: Pick<ResolveOptions, 'problems' | 'environment'>,
): Provider | undefined {
  const found = findHost(form.host ?? name);
  if (form.host !== undefined && found === undefined) {
    problems.add(['providers', name, 'host'], unknownHost(form.host));
  }
  const url = form.url ?? found?.host.url;
  if (url === undefined) {
    problems.add(
      ['providers', name],
      `"${name}" is no well-known host, so it needs a url; known are ${Object.keys(HOSTS).join(', ')}`,
    );
    return undefined;
  }
  const key = resolveKey(form.key, found?.host.keyVariable, environment);
  return {
    name,
    host: found?.name,
    dialect: form.dialect ?? found?.host.dialect ?? 'openai',
    url: url.replace(/\/+$/, ''),
    ...key,
    headers: Object.fromEntries(
      Object.entries(form.headers ?? {}).map(([header, value]) => [header.toLowerCase(), value]),
    ),
    connectTimeoutMs: parseDuration(form['connect-timeout'] ?? '10s') ?? 0,
    idleTimeoutMs: parseDuration(form['idle-timeout'] ?? '20m') ?? 0,
    retries: form.retries ?? 2,
    connections: form.connections ?? 512,
    priceFactor: form['price-factor'] ?? 1,
  };
}

function unknownHost(host: string): string {
  const close = nearest(host, Object.keys(HOSTS));
  return `unknown host${close === undefined ? '' : `; did you mean "${close}"?`}`;
}

/** An unset variable is no error here: calls to this provider say which one it is. */
function resolveKey(
  written: string | null | undefined,
  hostVariable: string | undefined,
  environment: Environment,
): Pick<Provider, 'key' | 'keyVariable'> {
  if (written === 'none' || written === null) return { key: undefined, keyVariable: undefined };
  if (written === undefined) {
    const key = hostVariable === undefined ? undefined : readVariable(hostVariable, environment);
    return { key, keyVariable: hostVariable };
  }
  const { text, missing } = expand(written, environment);
  if (missing.length > 0) return { key: undefined, keyVariable: missing.join(' and ') };
  return { key: text === '' ? undefined : text, keyVariable: hostVariable };
}

function resolveModel(
  name: string,
  form: ModelForm,
  options: ResolveOptions & { readonly providers: ReadonlyMap<string, Provider> },
): Model | undefined {
  const { providers, problems, prices } = options;
  const id = form.id ?? name;
  const names = Array.isArray(form.provider) ? form.provider : [form.provider];
  const served = names.flatMap((provider) => {
    const found = providers.get(provider);
    if (found === undefined) {
      const close = nearest(provider, providers.keys());
      const hint = close === undefined ? 'add it under providers' : `did you mean "${close}"?`;
      problems.add(['models', name, 'provider'], `there is no provider "${provider}"; ${hint}`);
    }
    return found ?? [];
  });
  const [first] = served;
  if (first === undefined) return undefined;
  const listed = prices.find(first.host ?? first.name, id);
  return {
    name,
    id,
    providers: served,
    price: form.price === undefined ? undefined : ownPrices(name, form.price, { listed, problems }),
    maxOutputTokens: form['max-output'] ?? listed?.maxOutputTokens,
  };
}

interface TaskOptions extends ResolveOptions {
  readonly registry: ModelRegistry;
}

async function resolveTask(
  name: string,
  form: TaskForm,
  options: TaskOptions & CacheOptions,
): Promise<Task> {
  const path: Path = ['tasks', name];
  const { problems } = options;
  if ((form.model === undefined) === (form.tiers === undefined)) {
    problems.add(
      path,
      form.model === undefined ? 'needs a model or tiers' : 'has both model and tiers; keep one',
    );
  }
  const tiers: Tier[] = [];
  const forms: readonly TierForm[] =
    form.tiers ?? (form.model === undefined ? [] : [{ model: form.model }]);
  for (const [index, tier] of forms.entries()) {
    const at = form.tiers === undefined ? path : [...path, 'tiers', index];
    const resolved = await resolveTier(tier, at, options);
    if (resolved !== undefined) tiers.push(resolved);
  }
  warnOfOrder(tiers, path, problems);
  return {
    name,
    origin: 'configured',
    match: (form.match === undefined ? [] : [form.match].flat()) as Match[],
    tiers,
    maxCostNano: form['max-cost'] === undefined ? undefined : parseMoney(form['max-cost']),
    reference: modelAt(form.reference, [...path, 'reference'], options),
    sticky: form.sticky ?? true,
    cache: await resolveTaskCache(form.cache, [...path, 'cache'], options),
    form: JSON.stringify([form.model, form.tiers, form['max-cost']]),
  };
}

async function resolveTier(
  form: TierForm,
  path: Path,
  options: TaskOptions,
): Promise<Tier | undefined> {
  const model = modelAt(form.model, [...path, 'model'], options);
  const accept: WeightedCheck[] = [];
  for (const [index, spec] of (form.accept ?? []).entries()) {
    try {
      accept.push(await createCheck(spec, { directory: options.directory }));
    } catch (thrown) {
      options.problems.add([...path, 'accept', index], toFarthingError(thrown).message);
    }
  }
  return model === undefined ? undefined : { model, accept, threshold: form.threshold };
}

function warnOfOrder(tiers: readonly Tier[], path: Path, problems: Problems): void {
  for (const [index, { model, accept }] of tiers.entries()) {
    const next = tiers[index + 1];
    if (next === undefined) continue;
    const at = [...path, 'tiers', index];
    if (accept.length === 0)
      problems.warn(at, 'accepts any answer, so the tiers above it are asked only when it fails');
    const mine = model.price?.[0]?.rates.output;
    const above = next.model.price?.[0]?.rates.output;
    if (mine !== undefined && above !== undefined && mine > above) {
      problems.warn(
        at,
        `${model.name} is dearer than ${next.model.name} above it; the cheapest should come first`,
      );
    }
  }
}

function modelAt(
  name: string | undefined,
  path: Path,
  { registry, problems }: TaskOptions,
): Model | undefined {
  if (name === undefined) return undefined;
  try {
    return registry.require(name);
  } catch (thrown) {
    problems.add(path, toFarthingError(thrown).message);
    return undefined;
  }
}
