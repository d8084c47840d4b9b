/**
 * What a guard is: a fast, deterministic reason why the answer to one question must not be given to
 * another, however near their embeddings are. One guard a file; `guards.ts` lists them all.
 *
 * @module
 */

/**
 * Says why the answer to the `kept` question is none to the `asked` one; undefined where it sees nothing.
 * Never throws. A guard errs to refusing: a refusal costs one call to a model, a wrong hit an answer.
 */
export type Guard = (asked: string, kept: string) => string | undefined;
