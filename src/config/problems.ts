/**
 * What is wrong with a configuration: all of it at once, with the line of each.
 *
 * @module
 */
import { type Document, isNode, type LineCounter } from 'yaml';
import type { z } from 'zod';
import { FarthingError } from '../errors.ts';
import { nearest } from '../pricing/nearest.ts';

/** Where a problem is: keys and indices from the top. */
export type Path = readonly (string | number)[];

/** Collects problems and warnings of one file. */
export class Problems {
  readonly #found: { readonly line: number; readonly text: string }[] = [];
  readonly warnings: string[] = [];
  readonly #file: string;
  readonly #document: Document | undefined;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter, document?: Document) {
    this.#file = file;
    this.#lines = lines;
    this.#document = document;
  }

  add(path: Path, what: string): void {
    const line = this.#lineOf(path);
    this.#found.push({ line, text: this.#at(line, path, what) });
  }

  /** A problem of the text itself. */
  addAt(offset: number, what: string): void {
    const { line } = this.#lines.linePos(offset);
    this.#found.push({ line, text: this.#at(line, [], what) });
  }

  warn(path: Path, what: string): void {
    this.warnings.push(this.#at(this.#lineOf(path), path, what));
  }

  /** Adds what the schema found, with the nearest right key for a wrong one. */
  addIssues(issues: readonly z.core.$ZodIssue[], schema: z.ZodType): void {
    for (const issue of issues) {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys)
          this.add([...path, key], unknownKey(key, keysAt(schema, path)));
      } else if (issue.code === 'invalid_union') {
        const meant = branchMeant(issue);
        if (meant === undefined) this.add(path, unionMessage(issue));
        else {
          const inside = meant.map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
          this.addIssues(inside, schema);
        }
      } else this.add(path, issue.message);
    }
  }

  /** Throws `invalid_config` with all problems, a line each, in the order of the file. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const lines = this.#found.toSorted((a, b) => a.line - b.line).map(({ text }) => text);
    throw new FarthingError('invalid_config', lines.join('\n'));
  }

  #at(line: number, path: Path, what: string): string {
    const where = line === 0 ? this.#file : `${this.#file}:${line}`;
    return path.length === 0 ? `${where}: ${what}` : `${where}: ${pathText(path)}: ${what}`;
  }

  /** The line of the deepest part of the path that is in the file; 0 where there is none. */
  #lineOf(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document?.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return 0;
  }
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`,
    '',
  );
}

function unknownKey(key: string, known: readonly string[]): string {
  if (/per_?token/i.test(key) && known.includes('input')) {
    return 'unknown key; prices are USD per 1M tokens, as input and output';
  }
  const close = nearest(key, known);
  return close === undefined
    ? `unknown key; there is ${known.join(', ')}`
    : `unknown key; did you mean "${close}"?`;
}

/** Of an issue at the top of a value: the value is of another form, as text where an object is wanted. */
const OTHER_FORM: ReadonlySet<string | undefined> = new Set(['invalid_type', 'invalid_value']);

/** Of several forms the one that the value has at its top, and what is wrong inside; undefined where that leaves a doubt. */
function branchMeant(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  const [only, ...others] = issue.errors.filter((branch) =>
    branch.every(({ path, code }) => path.length > 0 || !OTHER_FORM.has(code)),
  );
  return others.length === 0 ? only : undefined;
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  const inner = issue.errors
    .flat()
    .find(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
  if (inner === undefined) return issue.message;
  return inner.code === 'unrecognized_keys'
    ? `unknown key "${inner.keys.join('", "')}"`
    : `${pathText(inner.path.filter((part) => typeof part !== 'symbol'))}: ${inner.message}`;
}

/** The keys that the schema knows at a place. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let node: unknown = schema;
  for (const part of path) node = below(unwrap(node), part);
  const shape = formsOf(unwrap(node)).find((form) => form.shape !== undefined)?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

interface Inside {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly unwrap?: () => unknown;
  /** The forms of a union. */
  readonly options?: readonly unknown[];
}

function unwrap(node: unknown): Inside | undefined {
  let inside = node as Inside | undefined;
  while (
    inside?.unwrap !== undefined &&
    inside.shape === undefined &&
    inside.element === undefined
  ) {
    inside = inside.unwrap() as Inside;
  }
  return inside;
}

function below(node: Inside | undefined, part: string | number): unknown {
  for (const form of formsOf(node)) {
    const inside =
      form.shape?.[part] ?? form.valueType ?? (typeof part === 'number' ? form.element : undefined);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** The node itself, or each of its forms where it is a union. */
function formsOf(node: Inside | undefined): readonly Inside[] {
  const forms = node?.options?.map(unwrap) ?? [node];
  return forms.filter((form) => form !== undefined);
}
