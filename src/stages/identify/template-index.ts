/**
 * Which template a call was made from. Templates are found as calls come: by the exact text, by the text
 * without what varies, by likeness to a template that is known.
 *
 * No prompt is kept: the index holds hashes and kinds of tokens.
 *
 * @module
 */
import { hash } from 'node:crypto';
import { asArray, asObject, type JsonObject, parseJson } from '../../json.ts';
import { RecentMap } from '../../recent-map.ts';
import { runHash } from './template-align.ts';
import { likeness } from './template-likeness.ts';
import { type TemplateSource, templateSource } from './template-source.ts';
import { tokenize, type Tokens } from './template-tokens.ts';

/** A template. */
export interface Template {
  /** `t-` and ten hexadecimal digits, from the first form that was seen. */
  readonly id: string;
}

/** The template of calls without instructions: free chat. */
export const CHAT: Template = { id: 't-chat' };
/** The template of further calls once a tenant has too many. */
export const OTHER: Template = { id: 't-other' };

/** Bounds of the memory. */
const MOST_EXACT = 20_000;
const MOST_TEMPLATES = 1_000;
const MOST_PROVISIONAL = 300;
/** Runs by which candidates are found, the ones with the smallest hashes (MinHash). */
const SKETCH = 48;
/** Candidates that are aligned, those with most runs in common. */
const MOST_ALIGNED = 6;
const FORMAT = 1;

interface Known {
  readonly template: Template;
  readonly kind: TemplateSource['kind'];
  readonly tokens: Tokens;
  /** A message seen once: it is a template only when another one like it comes. */
  provisional: boolean;
}

/** Templates of one tenant and one frame. */
interface Family {
  readonly bySkeleton: Map<string, Known>;
  readonly byRun: Map<number, Set<Known>>;
}

/** Finds templates, and remembers them. */
export class TemplateIndex {
  readonly #exact = new RecentMap<string, Template>(MOST_EXACT);
  readonly #families = new Map<string, Family>();
  readonly #provisional = new Set<{ family: Family; known: Known }>();
  readonly #counts = new Map<string, number>();

  /** Restores what {@link serialize} gave. Anything else gives an empty index. */
  static from(text: string | undefined): TemplateIndex {
    const index = new TemplateIndex();
    const saved = asObject(text === undefined ? undefined : parseJson(text));
    if (saved?.['format'] !== FORMAT) return index;
    for (const entry of asArray(saved['templates'])) index.#restore(asArray(entry));
    return index;
  }

  /** The template of a request in chat or embeddings format, of any shape. Tenants share nothing. */
  identify(request: JsonObject, tenant: string): Template {
    const source = templateSource(request);
    const place = `${tenant}\n${source.frame}`;
    const key = hash('sha1', `${place}\n${source.kind}\n${source.text}`, 'base64');
    const exact = this.#exact.get(key);
    if (exact !== undefined) return exact;
    const { template, certain } = this.#find(source, place, tenant);
    if (certain) this.#exact.set(key, template);
    return template;
  }

  /** All templates, as text for {@link from}. Holds hashes, no prompts. */
  serialize(): string {
    const templates: unknown[] = [];
    for (const [place, { bySkeleton }] of this.#families) {
      for (const [skeleton, { template, kind, tokens, provisional }] of bySkeleton) {
        if (provisional) continue;
        templates.push([
          place,
          skeleton,
          template.id,
          kind,
          pack(tokens.hashes),
          pack(tokens.kinds),
        ]);
      }
    }
    return JSON.stringify({ format: FORMAT, templates });
  }

  #find(
    source: TemplateSource,
    place: string,
    tenant: string,
  ): { template: Template; certain: boolean } {
    const tokens = tokenize(source.text);
    if (tokens.hashes.length < 4) return { template: CHAT, certain: true };
    let family = this.#families.get(place);
    if (family === undefined) {
      family = { bySkeleton: new Map(), byRun: new Map() };
      this.#families.set(place, family);
    }
    const skeleton = hash('sha1', `${source.kind}\n${source.frame}\n${tokens.hashes.join(',')}`);
    const alike = family.bySkeleton.get(skeleton) ?? this.#mostAlike(family, source.kind, tokens);
    if (alike !== undefined && source.kind === 'system')
      return { template: alike.template, certain: true };
    if (alike !== undefined) {
      alike.provisional = false;
      return { template: alike.template, certain: true };
    }
    const count = this.#counts.get(tenant) ?? 0;
    if (count >= MOST_TEMPLATES) return { template: OTHER, certain: false };
    const known: Known = {
      template: { id: `t-${skeleton.slice(0, 10)}` },
      kind: source.kind,
      tokens,
      provisional: source.kind === 'user',
    };
    this.#add(family, skeleton, known);
    if (!known.provisional) {
      this.#counts.set(tenant, count + 1);
      return { template: known.template, certain: true };
    }
    this.#keepProvisional(family, known);
    return { template: CHAT, certain: false };
  }

  #mostAlike(family: Family, kind: Known['kind'], tokens: Tokens): Known | undefined {
    const common = new Map<Known, number>();
    for (const run of sketch(tokens)) {
      for (const known of family.byRun.get(run) ?? [])
        common.set(known, (common.get(known) ?? 0) + 1);
    }
    const candidates = [...common]
      .filter(([known]) => known.kind === kind)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, MOST_ALIGNED);
    let best: { known: Known; alike: number } | undefined;
    for (const [known] of candidates) {
      const alike = likeness(kind, known.tokens, tokens);
      if (alike > (best?.alike ?? 0)) best = { known, alike };
    }
    return best?.known;
  }

  #add(family: Family, skeleton: string, known: Known): void {
    family.bySkeleton.set(skeleton, known);
    for (const run of runsOf(known.tokens)) {
      let holders = family.byRun.get(run);
      if (holders === undefined) family.byRun.set(run, (holders = new Set()));
      holders.add(known);
    }
  }

  /** Messages that stayed alone are forgotten, the oldest first. */
  #keepProvisional(family: Family, known: Known): void {
    this.#provisional.add({ family, known });
    if (this.#provisional.size <= MOST_PROVISIONAL) return;
    const [oldest] = this.#provisional;
    if (oldest === undefined) return;
    this.#provisional.delete(oldest);
    if (oldest.known.provisional) forget(oldest.family, oldest.known);
  }

  #restore(entry: readonly unknown[]): void {
    const [place, skeleton, id, kind, hashes, kinds] = entry;
    if (typeof place !== 'string' || typeof skeleton !== 'string' || typeof id !== 'string') return;
    if (
      (kind !== 'system' && kind !== 'user') ||
      typeof hashes !== 'string' ||
      typeof kinds !== 'string'
    )
      return;
    const tokens = {
      hashes: new Int32Array(unpack(hashes)),
      kinds: new Uint16Array(unpack(kinds)),
    };
    let family = this.#families.get(place);
    if (family === undefined)
      this.#families.set(place, (family = { bySkeleton: new Map(), byRun: new Map() }));
    this.#add(family, skeleton, { template: { id }, kind, tokens, provisional: false });
    const tenant = place.slice(0, place.indexOf('\n'));
    this.#counts.set(tenant, (this.#counts.get(tenant) ?? 0) + 1);
  }
}

/** All different runs of a text. */
function runsOf({ hashes }: Tokens): Set<number> {
  const runs = new Set<number>();
  for (let at = 0; at + 3 <= hashes.length; at++) runs.add(runHash(hashes, at));
  return runs;
}

/** Some runs of a text, the same ones for the same content wherever it stands. */
function sketch(tokens: Tokens): number[] {
  return [...runsOf(tokens)].toSorted((a, b) => a - b).slice(0, SKETCH * 4);
}

function forget(family: Family, known: Known): void {
  for (const run of runsOf(known.tokens)) {
    const holders = family.byRun.get(run);
    holders?.delete(known);
    if (holders?.size === 0) family.byRun.delete(run);
  }
  for (const [skeleton, other] of family.bySkeleton) {
    if (other === known) family.bySkeleton.delete(skeleton);
  }
}

function pack(numbers: Int32Array | Uint16Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

/** A copy that is aligned, whatever the pool that the decoder took it from. */
function unpack(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64');
  const copy = new ArrayBuffer(bytes.length - (bytes.length % 4));
  new Uint8Array(copy).set(bytes.subarray(0, copy.byteLength));
  return copy;
}
