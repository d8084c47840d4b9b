/**
 * One row of an export, CSV or JSON, asked for its fields.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asArray, asObject, isObject } from '../json.ts';
import { decimalToNano, type MoneyUnit } from './decimal.ts';

/** A row with named fields. What is absent, null or empty is undefined; what is malformed is an error. */
export class ExportRow {
  readonly #file: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** `file` is named in errors. Fields are texts, flags, or objects and arrays of them. */
  constructor(file: string, fields: Readonly<Record<string, unknown>>) {
    this.#file = file;
    this.#fields = fields;
  }

  /** Whether the row has the field, be it empty or null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  text(name: string): string | undefined {
    const value = this.has(name) ? this.#fields[name] : undefined;
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** A field without which the row means nothing. Throws `invalid_value` where it is missing. */
  required(name: string): string {
    return this.text(name) ?? this.#refuse(name, 'is missing');
  }

  /** A whole number, which some exports write as `3.0`. Throws `invalid_value` for anything else. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const count = /^\d{1,15}(?:\.0*)?$/.test(text) ? Number(text) : Number.NaN;
    return Number.isNaN(count) ? this.#refuse(name, `is no count: ${JSON.stringify(text)}`) : count;
  }

  /** Money in nano-dollars. Throws `invalid_value` for what is no decimal number. */
  nano(name: string, unit: MoneyUnit): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return (
      decimalToNano(text, unit) ??
      this.#refuse(name, `is no amount of money: ${JSON.stringify(text)}`)
    );
  }

  /** `YYYY-MM-DD` of a time: seconds since the epoch, ISO with its own offset, or a date. */
  day(name: string): string {
    const text = this.required(name);
    const found = /^(\d{4})-?(\d{2})-?(\d{2})(?:$|[T ])/.exec(text);
    if (found !== null) return `${found[1]}-${found[2]}-${found[3]}`;
    if (/^\d{9,11}$/.test(text)) return new Date(Number(text) * 1000).toISOString().slice(0, 10);
    return this.#refuse(name, `is no time: ${JSON.stringify(text)}`);
  }

  /** A part of the row that is an object; empty where there is none. */
  part(name: string): ExportRow {
    return new ExportRow(this.#file, asObject(this.#fields[name]) ?? {});
  }

  /** Rows within the row. */
  parts(name: string): ExportRow[] {
    return asArray(this.#fields[name])
      .filter(isObject)
      .map((fields) => new ExportRow(this.#file, fields));
  }

  /** The row's values of some fields as one text: rows of an export that agree in it are the same one. */
  identity(names: readonly string[]): string {
    return JSON.stringify(names.map((name) => this.text(name) ?? null));
  }

  #refuse(name: string, why: string): never {
    throw new FarthingError('invalid_value', `${this.#file}: "${name}" ${why}.`);
  }
}
