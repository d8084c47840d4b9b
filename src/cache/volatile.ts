/**
 * What changes from call to call without changing what is asked: dates, times of day, ids, found by
 * their form. Only forms that mean nothing else are listed; a number by itself is never one of them.
 * Every pattern is linear in the text.
 *
 * @module
 */

const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const DAY = '(?:0?[1-9]|[12]\\d|3[01])(?:st|nd|rd|th)?';
const YEAR = '(?:19|20)\\d\\d';

const DATES = new RegExp(
  [
    // 2026-11-24, 2026/11/24, also before a time: 2026-11-24T10:00
    `(?<![\\d.])${YEAR}([-/.])(?:0?[1-9]|1[0-2])\\1(?:0?[1-9]|[12]\\d|3[01])(?![\\d]|[-/.]\\d)`,
    // 24.11.2026, 11/24/2026, 24-11-26 is too short to be sure of
    `(?<![\\d.])(?:0?[1-9]|[12]\\d|3[01])([-/.])(?:0?[1-9]|[12]\\d|3[01])\\2${YEAR}(?!\\d)`,
    // 24 November 2026, 24th of Nov. 2026
    `\\b${DAY} (?:of )?${MONTH},? ${YEAR}\\b`,
    // November 24, 2026
    `\\b${MONTH} ${DAY},? ${YEAR}\\b`,
  ].join('|'),
  'gi',
);

const TIMES = new RegExp(
  [
    // 10:30, 10:30:15.123, also after a date: T10:30:15Z, 10:30 pm, +01:00 behind it
    '(?:(?<=\\d|\\u{E000})T|(?<![\\d:.\\w]))(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:[.,]\\d{1,9})?)?' +
      '(?: ?[ap]\\.?m\\b\\.?| ?Z\\b| ?[+-](?:0\\d|1[0-4]):?[0-5]\\d| (?:UTC|GMT)\\b)?(?![\\d:])',
    // 5pm, 5 p.m.
    '(?<![\\d:.,])(?:1[0-2]|[1-9]) ?[ap]\\.?m\\b\\.?',
  ].join('|'),
  'giu',
);

const NUMBERED =
  'order|invoice|ticket|case|customer|account|reference|ref|booking|tracking|serial|request|session|transaction|user';

const IDS = new RegExp(
  [
    // UUIDs
    '\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b',
    // ULIDs
    '\\b[0-7][0-9A-HJKMNP-TV-Z]{25}\\b',
    // Hashes and hex ids: long enough, and with both letters and digits
    '\\b(?:0x)?(?=[a-f]*\\d)(?=\\d*[a-f])[0-9a-f]{12,128}\\b',
    // ord_8fh2Kq10, cus_19ab77xx
    '\\b(?:ord|order|cus|cust|usr|user|inv|sub|pay|txn|tx|req|msg|sess|ch|pi|acct|evt|run|job)_(?=[a-z]{0,40}\\d)[a-z0-9]{8,40}\\b',
    // order no. 4711, ticket id: INV-2024-0017, invoice 12345. "order 100 pizzas" is none.
    `(?<=\\b(?:${NUMBERED})(?:[ -]?(?:id|no\\.?|nr\\.?|number)[ :#]{1,3}| ?#|: ?)|\\b(?:invoice|ticket|booking) )` +
      '(?=[a-z-]{0,12}\\d)[a-z0-9][a-z0-9-]{2,40}\\b',
    // #12345; of 3, 6 or 8 digits it may be a colour
    '(?<=(?:^|\\s)#)(?:\\d{4,5}|\\d{7}|\\d{9,20})\\b',
  ].join('|'),
  'gi',
);

/** Dates as `date`, between marks. */
export function withoutDates(text: string, mark: string): string {
  return text.replaceAll(DATES, `${mark}date${mark}`);
}

/** Times of day as `time`, between marks. */
export function withoutTimes(text: string, mark: string): string {
  return text.replaceAll(TIMES, `${mark}time${mark}`);
}

/** Ids, and numbers that a word before them calls one, as `id`, between marks. */
export function withoutIds(text: string, mark: string): string {
  return text.replaceAll(IDS, `${mark}id${mark}`);
}
