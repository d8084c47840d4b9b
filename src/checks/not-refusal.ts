/** `not-refusal`: the model did what was asked. @module */
import type { Check, Choice, Verdict } from './check.ts';
import { readNothing } from './options.ts';

/** Refusals say so at once; what comes later is part of an answer. UTF-16 units. */
const OPENING = 220;
/** Text that must have arrived before an opening is judged while the answer still comes. */
const ENOUGH = 60;

/** A word of regret or of address that may stand before a refusal. */
const LEAD = String.raw`^[\s"'*_>#-]*(?:(?:i'?m|i am|we'?re|we are)\s+(?:so\s+|very\s+|really\s+|truly\s+)?(?:sorry|afraid)|sorry|unfortunately|apologies|my apologies|i apologi[sz]e|regrettably|thank you[^.!]{0,40}[.!]|as an? (?:ai|artificial|language|large)[^,.]{0,40})?[\s,.:;!—–-]*(?:but|however|that|for (?:the|any)[^.,]{0,40})?[\s,.]*(?:as an? (?:ai|artificial|language|large)[^,.]{0,40},?\s*)?(?:unfortunately,?\s*)?`;

const ENGLISH = new RegExp(
  `${LEAD}(?:${[
    String.raw`(?:i|we)\s+(?:really\s+|simply\s+|just\s+|also\s+)?(?:can(?:'|no)t|can not|won'?t|will not|am unable to|'m unable to|are unable to|am not able to|'m not able to|must decline|have to decline|need to decline|am not allowed to|am not permitted to|do not feel comfortable|don't feel comfortable|am not comfortable|'m not comfortable|could not|couldn't)\s*(?:to\s+)?(?:help|assist|provide|do|fulfil|fulfill|comply|complete|create|write|generate|answer|respond|support|engage|discuss|share|continue|offer|give|produce|process|access|open|browse|view|make|carry|perform|participate|recommend|with)\b`,
    String.raw`(?:i'm|i am)\s+(?:unable|not able|not allowed|not permitted)\s+to\b`,
    String.raw`(?:i'm|i am) not comfortable (?:with )?\w+ing\b`,
    String.raw`(?:i|we)\s+(?:must|have to|need to)\s+(?:respectfully\s+)?decline\b`,
    String.raw`i (?:don't|do not) (?:have (?:access|the ability)|feel comfortable)\b`,
    String.raw`(?:this|that|your|the) request (?:goes against|violates|is against|can(?:no|')t be)\b`,
  ].join('|')})`,
  'i',
);

const OTHERS: readonly RegExp[] = [
  // German
  /^\W{0,4}(?:es tut mir (?:sehr )?leid|tut mir leid|entschuldigung|leider)[^.!?\n]{0,60}\b(?:kann|darf|werde|möchte) ich\b[^.!?\n]{0,80}\bnicht\b/i,
  /^\W{0,4}(?:es tut mir (?:sehr )?leid|tut mir leid)[^.!?\n]{0,40}\bich (?:kann|darf|bin nicht in der lage)\b/i,
  /^\W{0,4}ich (?:kann|darf) (?:dir |ihnen |dabei |damit |diese[rn]? |das )*(?:leider )?(?:dabei |damit |hierbei )?nicht (?:helfen|weiterhelfen|behilflich)/i,
  // French
  /^\W{0,4}(?:je suis (?:vraiment |sincèrement )?désolée?|désolée?|malheureusement)[^.!?\n]{0,40}\bje ne (?:peux|puis|suis) pas\b/i,
  /^\W{0,4}je ne (?:peux|puis) pas (?:vous |t')?(?:aider|répondre|fournir|accéder|satisfaire)/i,
  // Spanish
  /^\W{0,4}(?:lo siento|lo lamento|disculpa|disculpe|lamentablemente|desafortunadamente)[^.!?\n]{0,40}\bno (?:puedo|puedes|me es posible|tengo permitido)\b/i,
  /^\W{0,4}no puedo (?:ayudar|proporcionar|cumplir|responder|generar|asistir)/i,
  // Portuguese
  /^\W{0,4}(?:desculpe|sinto muito|lamento|infelizmente)[^.!?\n]{0,40}\bnão (?:posso|consigo|me é possível)\b/i,
  /^\W{0,4}não posso (?:ajudar|fornecer|atender|responder|cumprir)/i,
  // Italian
  /^\W{0,4}(?:mi dispiace|spiacente|purtroppo)[^.!?\n]{0,40}\bnon (?:posso|sono in grado)\b/i,
  /^\W{0,4}non posso (?:aiutar|fornir|rispondere|soddisfare)/i,
  // Chinese, Japanese
  /^[\s「"']*(?:很?抱歉|对不起|不好意思|對不起)[^。！？\n]{0,20}(?:无法|不能|無法|没法)/,
  /^[\s「"']*(?:我)(?:无法|不能|無法)(?:帮|提供|协助|完成|回答|協助|幫)/,
  /^[\s「"']*(?:申し訳(?:ありません|ございません)|すみません|恐れ入りますが|ごめんなさい)[^。！？\n]{0,40}(?:できません|できかねます|いたしかねます|お答えできない)/,
];

/**
 * Passes answers that are no refusal: the API's own refusal field is empty, and the text does not open
 * with one in English, German, French, Spanish, Portuguese, Italian, Chinese or Japanese. Leans to
 * letting pass: a refusal that slips through costs an answer, a false alarm costs money on each call.
 */
export function notRefusal(option: unknown): Check {
  readNothing('not-refusal', option);
  return {
    name: 'not-refusal',
    judge,
    early: (text) =>
      text.length >= ENOUGH && isRefusal(text) ? 'the answer opens with a refusal' : undefined,
  };
}

function judge({ refusal, text }: Choice): Verdict {
  if (refusal !== undefined && refusal !== '')
    return { verdict: 'escalate', reason: 'the model refused' };
  return isRefusal(text)
    ? { verdict: 'escalate', reason: 'the answer opens with a refusal' }
    : { verdict: 'accept' };
}

/** True when a text opens with a refusal. */
export function isRefusal(text: string): boolean {
  const opening = text.slice(0, OPENING).replaceAll(/[’‘`]/g, "'");
  return ENGLISH.test(opening) || OTHERS.some((pattern) => pattern.test(opening));
}
