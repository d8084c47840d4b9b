/** `intent`: what is to be done: cancel, order, return, track. @module */
import { type Reading, readingOf } from './reading.ts';
import { stem } from './stems.ts';

/** Verbs of one line are one intent. */
const INTENTS = `
cancel abort|order buy purchase reserve book|return|track trace|exchange swap|change update edit modify amend adjust
delete remove drop erase rid|add create invite insert make generate|open|close shut|activate enable|deactivate disable
block freeze lock|unblock unfreeze unlock|report|dispute contest challenge|repeat|verify confirm prove|upgrade|downgrade
download export|upload import|install|uninstall|reset restore recover|restart reboot|share|renew extend prolong|revoke
rotate|start begin|stop quit end|subscribe|unsubscribe|merge|split|copy duplicate|move migrate|rename|describe explain
top|withdraw|deposit|lend|borrow|apply|compare|sort|filter|translate|summarise summarize|print|hide|show view see check find
schedule|postpone|treat cure|prevent avoid|send|receive|accept|decline reject|test|deploy|debug|review|calculate compute
`;

const intents = new Map<string, number>();
for (const [number, line] of INTENTS.trim().split(/[|\n]/).entries()) {
  for (const verb of line.split(' ')) intents.set(stem(verb), number);
}

/** Words after which a verb says what the speaker is after. */
const LEADING = new Set('i we you to please can not and then do'.split(' '));

/** Refuses "cancel my order" for "track my order". Looks only at verbs that stand where an intent stands. */
export function intent(asked: string, kept: string): string | undefined {
  const one = intentsOf(readingOf(asked));
  const other = intentsOf(readingOf(kept));
  if (one.size === 0 || other.size === 0) return undefined;
  const common = [...one.keys()].some((number) => other.has(number));
  return common
    ? undefined
    : `"${[...one.values()].join(', ')}" against "${[...other.values()].join(', ')}"`;
}

function intentsOf({ words }: Reading): Map<number, string> {
  const found = new Map<number, string>();
  for (const [at, word] of words.entries()) {
    const before = words[at - 1];
    const leads = before === undefined || LEADING.has(before);
    const number = leads ? intents.get(stem(word)) : undefined;
    if (number !== undefined) found.set(number, word);
  }
  return found;
}
