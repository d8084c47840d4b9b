/**
 * What a ledger keeps: one row a call and one an attempt, money in integer nano-dollars.
 *
 * @module
 */
import { type Arm, type CacheState, NO_TIER, type SavingStage } from '../call.ts';
import type { TokenCounts, UsageSource } from '../pricing/usage.ts';
import type { Charge } from './account-store.ts';
import type { LedgerDay, ProviderDaysQuery } from './provider-days.ts';
import type { Report, ReportQuery } from './report.ts';

/** Where the sandbox keeps its simulated money, apart from any real ledger. */
export const SANDBOX_DATA = './farthing-sandbox.db';

/** One call. */
export interface CallRecord {
  /** ULID. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly tenant: string;
  readonly operation: string;
  readonly task: string;
  readonly template: string | undefined;
  /** As the client wrote it. */
  readonly requestedModel: string;
  /** Whose answer the client got; undefined where it got none. */
  readonly model: string | undefined;
  readonly provider: string | undefined;
  /** Index in the task's ladder, from 0. */
  readonly tier: number | undefined;
  readonly stream: boolean;
  /** HTTP status the client got; 499 when it left before the end. */
  readonly status: number;
  readonly errorCode: string | undefined;
  readonly outcome: string | undefined;
  /** A dearer tier was not asked because of the maximum cost. */
  readonly capped: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly referenceModel: string | undefined;
  /** Nano-dollars; undefined where the reference cannot be priced. */
  readonly referenceNano: number | undefined;
  readonly referenceSource: string;
  /** What each stage saved, in nano-dollars: counted reference − Σ saved + overhead = cost. */
  readonly savedNano: Readonly<Record<SavingStage, number>>;
  /** Paid for answers that were not given, in nano-dollars. */
  readonly overheadNano: number;
  /** Which side of the hold-out the call is on; undefined where there is none. */
  readonly arm: Arm | undefined;
  /** What the hold-out was drawn by (a hash of a user or conversation); undefined where by call. */
  readonly unit: string | undefined;
  /** A price that was used was older than it may be. */
  readonly stale: boolean;
  /** What the cache did; undefined where there is none. */
  readonly cache: CacheState | undefined;
  /** What the answer of a hit had cost, in nano-dollars; undefined where unknown, and for all others. */
  readonly avoidedNano: number | undefined;
  /** The call in flight whose answer this one was given; its attempts, and what they cost, stand there. */
  readonly coalescedWith: string | undefined;
  readonly attempts: readonly AttemptRecord[];
}

/** One request sent upstream. */
export interface AttemptRecord {
  readonly provider: string;
  readonly model: string;
  /** The provider's own name of the model. */
  readonly modelId: string;
  /** The model's name in the answer. */
  readonly answeredBy: string | undefined;
  readonly tier: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly firstByteMs: number | undefined;
  readonly durationMs: number;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly outcome: string | undefined;
  readonly reasons: readonly string[];
  readonly tokens: TokenCounts;
  readonly usageSource: UsageSource;
  /** Nano-dollars that count; undefined is unpriced. */
  readonly costNano: number | undefined;
  /** By our own price. */
  readonly computedNano: number | undefined;
  /** By the provider's own word. */
  readonly reportedNano: number | undefined;
  readonly priceId: string | undefined;
  readonly serviceTier: string | undefined;
}

/** A place for the ledger. */
export interface LedgerStore {
  /**
   * Takes a call's rows, and charges accounts in the same transaction. Resolves when they are written;
   * never rejects: what cannot be written now resolves too, is kept and tried again.
   */
  append(record: CallRecord, charges?: readonly Charge[]): Promise<void>;
  /** Resolves when everything appended so far is written. Rejects where that is not possible now. */
  flush(): Promise<void>;
  /** Sums over the calls of a period, from rollups. Sees what is written. */
  report(query: ReportQuery): Report;
  /** One call with its attempts, as appended. */
  call(id: string): CallRecord | undefined;
  /** The calls that began in a period, oldest first (those of one millisecond in any order), read as they are asked for. Sees what is written. */
  calls(period: Period): Iterable<CallRecord>;
  /** Attempts by day, provider and model, to be set against a provider's own figures. */
  providerDays(query: ProviderDaysQuery): readonly LedgerDay[];
  /** The ids of the newest calls, newest first. */
  recent(limit: number): string[];
  /** A small document kept beside the ledger, by name. */
  load(name: string): string | undefined;
  save(name: string, text: string): void;
  /** Saves what is made of the document as it is, in one step that no other process can come between. */
  amend(name: string, change: (text: string | undefined) => string): void;
}

/** A period. */
export interface Period {
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Exclusive. */
  readonly until?: number;
}

/** Nano-dollars of the attempts whose cost is known. */
export function costOf({ attempts }: CallRecord): number {
  return attempts.reduce((sum, { costNano }) => sum + (costNano ?? 0), 0);
}

/** 1 for a client's request; 0 for a revalidation, which nobody asked for: its money counts, it does not. */
export function countOf({ cache }: CallRecord): number {
  return cache === 'revalidate' ? 0 : 1;
}

/** False when an attempt, or the reference, cannot be priced. */
export function isPriced({ attempts, referenceNano }: CallRecord): boolean {
  return referenceNano !== undefined && attempts.every(({ costNano }) => costNano !== undefined);
}

/**
 * The reference that counts: a call that cannot be wholly priced saves nothing, so its reference is its
 * known cost. With that, saved is reference less cost in every row and every sum.
 */
export function countedReference(record: CallRecord): number {
  return isPriced(record) && record.referenceNano !== undefined
    ? record.referenceNano
    : costOf(record);
}

/** An answer that was kept was given, to the same question or to one that means the same. */
export function isCacheHit({ cache }: CallRecord): boolean {
  return cache === 'hit' || cache === 'semantic';
}

/** More than one tier was asked. */
export function isEscalated({ attempts }: CallRecord): boolean {
  const tiers = attempts.map(({ tier }) => tier).filter((tier) => tier !== NO_TIER);
  return tiers.some((tier) => tier !== tiers[0]);
}

/** Attempts whose usage was counted here, at least in part. */
export function estimatedAttempts({ attempts }: CallRecord): number {
  return attempts.filter(
    ({ usageSource }) => usageSource === 'estimated' || usageSource === 'partial',
  ).length;
}
