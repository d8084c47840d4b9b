import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { isRefusal, notRefusal } from './not-refusal.ts';

const REFUSALS = `
I'm sorry, but I can't help with that.
I’m sorry, but I can’t assist with that request.
Sorry, I cannot provide that information.
I cannot help with creating malware.
I can't assist with this.
I am unable to fulfill this request.
I'm unable to help you with that.
I'm not able to provide medical advice of that kind.
Unfortunately, I cannot share personal data about private individuals.
Unfortunately I can't do that.
I must decline to write this letter.
I have to respectfully decline this request.
I won't help with that.
I will not generate that content.
As an AI language model, I cannot browse the internet.
As an AI, I can't provide legal advice on this matter.
I apologize, but I cannot create that image.
I apologise, but I'm not able to do this.
My apologies, but I am not able to assist with that.
I'm afraid I can't do that, Dave.
I do not feel comfortable writing this.
I don't feel comfortable discussing this topic.
I don't have access to real-time data.
I do not have the ability to open files.
I'm not comfortable with helping with that.
Sorry, but I can't continue with this conversation.
We are unable to process this request.
I really can't help you with that one.
I am very sorry, but I cannot answer this question.
Regrettably, I cannot comply with that.
This request goes against my guidelines.
Your request violates our content policy.
"I'm sorry, but I can't assist with that."
**I'm sorry, but I can't help with that.**
I simply cannot recommend a dosage.
I could not access the page you linked.
Es tut mir leid, aber dabei kann ich nicht helfen.
Tut mir leid, ich kann dir dabei nicht helfen.
Leider kann ich diese Anfrage nicht bearbeiten.
Ich kann Ihnen dabei leider nicht helfen.
Entschuldigung, das kann ich nicht beantworten.
Je suis désolé, mais je ne peux pas vous aider.
Désolée, je ne peux pas répondre à cette demande.
Malheureusement, je ne peux pas accéder à ce fichier.
Je ne peux pas vous aider avec cela.
Lo siento, pero no puedo ayudarte con eso.
Lo siento, no puedo proporcionar esa información.
No puedo ayudar con esa solicitud.
Lamentablemente no puedo responder a esta pregunta.
Desculpe, mas não posso ajudar com isso.
Infelizmente, não posso fornecer esses dados.
Não posso ajudar com esse pedido.
Mi dispiace, ma non posso aiutarti.
Purtroppo non posso rispondere a questa domanda.
Non posso fornire queste informazioni.
很抱歉，我无法帮助您完成这个请求。
抱歉，我不能提供该信息。
我无法协助完成此请求。
申し訳ありませんが、そのご要望にはお応えできません。
すみませんが、お手伝いできません。
`;

const ANSWERS = `
Sorry for the late reply! Here is the offer you asked for.
I'm sorry to hear that your parcel was late. We will send a new one today.
I am sorry for your loss. Please accept our sincere condolences.
Dear Ms. Hale, we are sorry that the shoes do not fit.
I can't wait to see you on Friday!
I cannot stress enough how important sleep is.
We cannot thank you enough for your help.
The function cannot return null, because it is checked before.
If you cannot log in, reset your password on the account page.
Unfortunately, the train was late, and we missed the flight.
Unfortunately your order was lost in transit; a new one is on its way.
I won the race yesterday, and it was a great feeling.
You can't divide by zero; the limit does not exist.
No. The answer is 42.
No, that is not correct: the capital of Australia is Canberra.
He said: "I'm sorry, I can't help you", and closed the door.
The customer writes that she cannot open the app.
Apologies for the confusion earlier; the total is 310 dollars.
I have to say that the second offer is the better one.
I must say, the plan looks solid.
I will not be in the office on Monday, please ask Ben instead.
I don't have any objections to the contract.
I have attached the invoice, as you asked.
As an AI engineer at Fjord Analytics, you will build data pipelines.
As a language teacher, she works with children of all ages.
This request is valid and was sent with status 200.
Your request has been received and is being processed.
Thank you for your message. Your appointment is on Tuesday at ten.
{"refused": false, "answer": "I cannot say"}
billing
spam
1. Preheat the oven. 2. I cannot overstate this: use real butter.
To decline an invitation politely, write: "I'm afraid I can't make it."
We regret to inform you that the position has been filled.
I am able to confirm your booking for two nights.
I was unable to reach the customer by phone, so I wrote an email.
The door won't open because the hinge is bent.
I'm not sure which version you have, but both work the same way.
I couldn't agree more: simple designs last longer.
I can help with that. First, open the settings.
I'm happy to help! Here are three options.
Sure, here is the summary.
It is not possible to exceed the speed of light.
Leider war das Paket beschädigt; wir senden Ihnen ein neues.
Es tut mir leid, dass Sie so lange warten mussten. Ihr Geld ist unterwegs.
Ich kann Ihnen den Termin am Dienstag anbieten.
Ich kann nicht oft genug sagen, wie wichtig das ist: Sichern Sie Ihre Daten.
Je suis désolé d'apprendre que votre colis est en retard. Nous le remplaçons.
Malheureusement, le train a été annulé hier soir.
Je peux vous proposer un rendez-vous jeudi.
Siento mucho el retraso. Su pedido sale hoy.
Lamentablemente el producto está agotado hasta mayo.
Puedo ofrecerle dos habitaciones con vistas al mar.
Infelizmente o voo foi cancelado por causa da chuva.
Posso ajudar com isso: abra as configurações.
Purtroppo il treno è in ritardo di dieci minuti.
Mi dispiace per il ritardo, la fattura è allegata.
非常抱歉给您带来不便，新的包裹今天寄出。
您可以在设置中更改密码。
ご不便をおかけして申し訳ございません。本日発送いたします。
予約は火曜日の十時に承りました。
`;

const lines = (text: string): string[] => text.trim().split('\n');

describe('not-refusal', () => {
  test('there are enough examples to say something', () => {
    assert.ok(lines(REFUSALS).length >= 60);
    assert.ok(lines(ANSWERS).length >= 60);
  });
  for (const text of lines(REFUSALS)) test(`a refusal: ${text}`, () => assert.ok(isRefusal(text)));
  for (const text of lines(ANSWERS)) test(`an answer: ${text}`, () => assert.ok(!isRefusal(text)));

  test('the refusal field of the API is believed', async () => {
    const choice = { index: 0, text: '', refusal: 'No.', toolCalls: [], finishReason: 'stop' };
    assert.equal((await notRefusal(undefined).judge(choice, { request: {} })).verdict, 'escalate');
  });
});
