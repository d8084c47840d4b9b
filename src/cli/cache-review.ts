/**
 * `farthing cache review`: hits that nothing could judge, for a person to decide.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { cacheFileOf } from '../cache/open-cache.ts';
import { FarthingError } from '../errors.ts';
import { QuestionFile } from '../semantic/question-file.ts';
import type { DecidedReview, Review } from '../semantic/review.ts';
import { type CommonOptions, type Place, placeOf, print, withCommon } from './cache-place.ts';

/** The command. */
export function reviewCommand(): Command {
  return withCommon(new Command('review'))
    .description(
      'Would-be and given answers by likeness that could not be judged: show them, or decide one. ' +
        'Shows what users asked and what they were answered. Running gateways learn a decision within seconds.',
    )
    .argument('[id]', 'of the one to decide, as shown', readId)
    .addArgument(
      new Argument(
        '[verdict]',
        'whether the kept answer is right for the question that was asked',
      ).choices(['right', 'wrong']),
    )
    .action(async (...given: readonly unknown[]) => {
      const command = given.at(-1) as Command;
      await act(command.opts<CommonOptions>(), command);
    });
}

async function act(options: CommonOptions, command: Command): Promise<void> {
  const [id, verdict] = command.processedArgs as [number?, DecidedReview['verdict']?];
  if (id !== undefined && verdict === undefined) command.error('Say whether it is right or wrong.');
  const place = await placeOf(options);
  if (id === undefined || verdict === undefined) {
    const waiting = readReviews(place) ?? missing();
    print(options, { reviews: waiting.map(reviewJson) }, () => reviewsText(waiting));
    return;
  }
  decide(place, id, verdict);
  print(options, { id, verdict }, () => `${id} is ${verdict}.`);
}

function decide(place: Place, id: number, verdict: DecidedReview['verdict']): void {
  const file = openFile(place) ?? missing();
  try {
    if (file.decide(id, verdict)) return;
  } finally {
    file.close();
  }
  throw new FarthingError(
    'invalid_value',
    `No review ${id} waits for a decision; "farthing cache review" shows those that do.`,
  );
}

/** What waits for a decision, newest first; undefined where it cannot be read from outside of the gateway. */
export function readReviews(place: Place): readonly Review[] | undefined {
  const file = openFile(place);
  try {
    return file?.reviews();
  } finally {
    file?.close();
  }
}

function openFile({ data }: Place): QuestionFile | undefined {
  const path = cacheFileOf(data);
  return path === undefined || !existsSync(path) ? undefined : new QuestionFile(path);
}

function missing(): never {
  throw new FarthingError(
    'invalid_value',
    'There are no reviews: they stand in a file beside the ledger, which is made by the first gateway whose ' +
      'configuration has a "cache". With a ledger in memory they last no longer than the gateway.',
  );
}

/** The contract. */
function reviewJson(review: Review): object {
  return {
    id: review.id,
    task: review.task,
    tenant: review.tenant,
    at: new Date(review.at).toISOString(),
    similarity: review.similarity,
    served: review.served,
    asked: review.asked,
    kept: review.kept,
    fresh_answer: review.freshAnswer,
    kept_answer: review.keptAnswer,
  };
}

function reviewsText(waiting: readonly Review[]): string {
  if (waiting.length === 0) return 'Nothing waits for a decision.';
  return `${waiting.map(reviewText).join('\n\n')}\n\nDecide with: farthing cache review ID right|wrong`;
}

function reviewText({ id, task, tenant, served, similarity, at, ...texts }: Review): string {
  const whose = tenant === '' ? task : `${task} of ${tenant}`;
  const given = served ? 'the kept answer was given' : 'the fresh answer was given';
  return [
    `${id}  ${whose}, ${new Date(at).toISOString()}, similarity ${similarity.toFixed(3)}, ${given}`,
    `  asked         ${indented(texts.asked)}`,
    `  kept question ${indented(texts.kept)}`,
    `  fresh answer  ${indented(texts.freshAnswer)}`,
    `  kept answer   ${indented(texts.keptAnswer)}`,
  ].join('\n');
}

/** What users and models wrote may hold anything, a terminal's control characters too. */
function indented(text: string): string {
  return text
    .replaceAll(/[\p{Cc}--\n]/gv, ' ')
    .replaceAll('\n', `\n${' '.repeat(16)}`)
    .trim();
}

function readId(value: string): number {
  const id = Number(value);
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new InvalidArgumentError('It is a whole number, as "farthing cache review" shows it.');
}
