/**
 * Words that tell instructions from data, in the languages that system prompts are mostly written in.
 * They only decide how a difference between two prompts is read, never what a prompt asks for.
 *
 * @module
 */

const list = (words: string): readonly string[] => words.trim().split(/\s+/);

/** Verbs and modals of instructions. A passage with one of them at the start of a sentence instructs. */
export const INSTRUCTIVE: ReadonlySet<string> = new Set([
  ...list(`you your you're always never must should shall don't do please ensure
    answer respond reply return output write draft compose create generate produce give provide
    summarize summarise translate classify categorize categorise label extract identify list find detect
    rewrite rephrase paraphrase edit correct proofread improve shorten expand explain describe analyze
    analyse compare evaluate assess score rate rank grade review check verify validate decide determine
    choose select suggest recommend propose plan schedule convert transform format parse normalize
    annotate tag route triage moderate flag redact anonymize help assist act use keep make avoid include
    exclude ignore focus consider think follow prefer mention cite quote ask tell say speak predict
    estimate calculate compute solve complete continue fill implement debug refactor document test
    design brainstorm outline teach tutor quiz play pretend simulate reject refuse only limit mask match merge split`),
  ...list(`du sie dein deine deinen ihr ihre immer niemals nie musst müssen sollst sollen bitte antworte
    antworten schreibe schreib schreiben fasse übersetze klassifiziere ordne extrahiere liste nenne erkläre
    beschreibe analysiere bewerte prüfe korrigiere erstelle gib gebe verwende nutze formuliere entscheide
    beantworte vermeide achte wähle erfinde berechne markiere`),
  ...list(`tu vous votre ton toujours jamais devez dois veuillez réponds répondez écris écrivez rédige rédigez résume
    résumez traduis traduisez classe classez extrais extrayez explique expliquez analyse analysez évalue évaluez
    vérifie vérifiez corrige corrigez donne donnez utilise utilisez indique indiquez propose proposez évite évitez`),
  ...list(`usted tu tus siempre nunca debes debe responde responda escribe escriba redacta redacte resume resuma traduce
    traduzca clasifica clasifique extrae extraiga explica explique analiza analice evalúa evalúe revisa revise corrige corrija
    genera genere usa use devuelve devuelva indica indique evita evite`),
  ...list(`você sempre responda escreva resuma traduza classifique extraia explique analise avalie corrija gere use
    tu sempre mai rispondi scrivi riassumi traduci classifica estrai spiega analizza valuta correggi genera usa`),
]);

/** Capitalised words that are dates. */
export const MONTHS_AND_DAYS: ReadonlySet<string> = new Set(
  list(`january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
    januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag`),
);

/** Labels before a colon whose value is the work itself, not data. */
export const WORK_LABELS: ReadonlySet<string> = new Set(
  list(`task goal role objective instruction instructions job mission purpose format output style tone language rules rule
    aufgabe ziel rolle anweisung anweisungen ausgabe sprache
    tâche objectif rôle consigne consignes sortie langue tarea objetivo rol instrucción instrucciones salida idioma`),
);

/** Months that are written small, where the language has it so. */
export const LOWER_MONTHS: ReadonlySet<string> = new Set(
  list(`enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    janeiro fevereiro março maio junho julho setembro outubro dezembro
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre`),
);

/** Languages: another one is other work, though it is written like a name. */
export const LANGUAGES: ReadonlySet<string> = new Set(
  list(`english german french spanish italian portuguese dutch polish russian ukrainian turkish arabic hebrew hindi
    chinese mandarin cantonese japanese korean vietnamese thai indonesian greek latin swedish norwegian danish
    finnish czech hungarian romanian catalan
    englisch englische englischen deutsch deutsche deutschen französisch französische französischen spanisch
    spanische spanischen italienisch italienische italienischen`),
);

/** German nouns that name work or its object: exchanged, they make other work. */
export const GERMAN_WORK: ReadonlySet<string> = new Set(
  list(`frage fragen antwort antworten text texte satz sätze wort wörter brief briefe mail mails e-mail nachricht nachrichten
    rechnung rechnungen vertrag verträge angebot angebote anfrage anfragen beschwerde beschwerden bewertung bewertungen
    artikel überschrift überschriften bericht berichte protokoll protokolle beschluss zusammenfassung übersetzung liste
    listen tabelle tabellen kategorie kategorien abteilung thema themen stimmung gefühl code funktion fehler test tests
    entwurf entwürfe gedicht gedichte geschichte geschichten rezept rezepte plan pläne punkt punkte stichpunkte zeile
    zeilen seite seiten zahl zahlen name namen datum adresse adressen produkt produkte beschreibung beschreibungen kunde
    kunden nutzer benutzer mitarbeiter lieferant lieferanten schüler patient patienten leser dokument dokumente datei
    dateien formular formulare ticket tickets termin termine einladung einladungen absage zusage mahnung pressemitteilung
    aufsatz aufsätze prüfung prüfungen prüfungsfragen widersprüche nummerierung sprache ton stil einkauf vertrieb
    kundendienst buchhaltung assistent assistentin experte expertin lehrer lehrerin redakteur redakteurin`),
);
