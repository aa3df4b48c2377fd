"""How pySBD and Intl.Segmenter cut texts into sentences, as goldens of the sentence cutter.

The texts are ours. Pieces are given without surrounding white space.

    python3 -m venv venv && venv/bin/pip install pysbd==0.3.4
    venv/bin/python test/goldens/sentences.py > test/goldens/sentences.json    # needs node, too
"""

import json
import subprocess

import pysbd

TEXTS = {
    "en": [
        "He came. She left.",
        "Is it so? Yes! It is.",
        "Dr. Smith paid $3.50. He left.",
        "It weighs 3.5 kg. That is a lot.",
        "She has 12 apples. He has 7. They share.",
        'He said "Stop." She left.',
        "(He left.) She stayed.",
        "Really?! Yes.",
        "Visit www.example.com. It is good.",
        "See https://example.com/a.html?q=1. It helps.",
        "The value is 1.234. The other is 5.678.",
        "We saw Smith et al. (2004) there. It was good.",
        "As Smith et al. [2004] say, it works. Fine.",
        "Mr. and Mrs. Jones left. We stayed.",
        "It was built in 1990. It burned in 2000.",
        "Use pens, pencils, etc. for it. Then go.",
        "They met at noon. \u201cHello!\u201d Then they left.",
        "She asked: \u2018Why?\u2019 He did not say.",
        "Prof. Lee teaches. Gen. Park commands.",
        "She ran 2.5 miles. He ran 3. They rested.",
        "No. It is not. Go away!",
        "I live in the U.S. now. It is big.",
        "Take 3 x 4 = 12. Add 5. The answer is 17.",
        "First line\nSecond line",
        "One sentence only",
        "Wait for it. Now!",
        "It costs 5 euros... and that is all. Fine.",
        "Acme Inc. makes shoes. They sell well.",
        "J. K. Rowling wrote it. We read it.",
        "He vs. she was the match. It ended.",
        "That is all (see Fig. 3). Go on.",
        "Is 7 > 5? It is.",
    ],
    "hi": [
        "राम घर गया। वह खुश था।",
        "क्या वह आया? हाँ। वह आया।",
        "उसके पास 3.5 किलो है। यह बहुत है।",
        "कितना सुंदर! चलो चलते हैं।",
        "उसने कहा, \u201cरुको।\u201d वह गया।",
        "सच है। सच नहीं है।",
        "12 सेब हैं। 7 बचे।",
    ],
    "mr": ["तो आला. ती गेली.", "हे काय आहे? हे घर आहे.", "किती छान! चला."],
    "ar": [
        "ذهب الولد إلى البيت. أكل التفاح.",
        "هل جاء؟ نعم جاء.",
        "ما أجمل هذا! لنذهب.",
        "أين أنت؟ أنا هنا. هل تسمع؟ نعم.",
        "العدد هو 3.5 كيلو. هذا كثير.",
    ],
    "ur": [
        "وہ گھر گیا۔ وہ خوش تھا۔",
        "کیا وہ آیا؟ ہاں۔",
        "کتنا اچھا! چلو۔",
        "اس کے پاس 3.5 کلو ہے۔ یہ بہت ہے۔",
    ],
    "fa": ["او رفت. من ماندم.", "آیا او آمد؟ بله.", "چه خوب! برویم."],
    "zh": [
        "今天很好。明天也好。",
        "你好吗？我很好！谢谢。",
        "他有3.5公斤。很多。",
        "真的？真的！",
        "一共12个苹果。剩下7个。",
    ],
    "ja": [
        "今日は晴れです。明日は雨です。",
        "元気ですか？元気です！",
        "りんごが3.5個あります。多いです。",
        "これはペンです。それは本です。",
        "ｱﾒﾘｶ｡ﾆﾎﾝ｡",
    ],
    "hy": ["Սա տուն է։ Նա գնաց։", "Բարև։ Ինչպես ես։"],
    "am": ["እሱ ሄደ። እሷ መጣች።", "ሰላም ነው? አዎ።"],
    "my": ["သူသွားသည်။ သူပြန်လာသည်။", "မင်္ဂလာပါ။ နေကောင်းလား။"],
    "el": ["Αυτό είναι σπίτι. Εκείνο είναι δέντρο.", "Ωραία! Πάμε."],
    "ru": ["Он пришёл. Она ушла.", "Где ты? Я здесь!", "Это стоит 3,5 рубля. Дорого."],
    "bg": ["Той дойде. Тя си тръгна.", "Къде си? Тук съм!"],
    "de": ["Er kam. Sie ging.", "Wo bist du? Ich bin hier!", "Er wiegt 3,5 kg. Das ist viel."],
    "fr": ["Il est venu. Elle est partie.", "O\u00f9 es-tu ? Je suis ici !", "M. Dupont est parti. Il pleut."],
    "es": ["\u00bfD\u00f3nde est\u00e1s? Estoy aqu\u00ed.", "\u00a1Qu\u00e9 bien! Vamos.", "El Sr. L\u00f3pez sali\u00f3. Llueve."],
    "it": ["Lui \u00e8 venuto. Lei \u00e8 partita.", "Dove sei? Sono qui!"],
    "nl": ["Hij kwam. Zij ging.", "Waar ben je? Ik ben hier!"],
    "pl": ["On przyszed\u0142. Ona posz\u0142a.", "Gdzie jeste\u015b? Tutaj!"],
    "da": ["Han kom. Hun gik.", "Hvor er du? Jeg er her!"],
    "kk": ["\u041e\u043b \u043a\u0435\u043b\u0434\u0456. \u041e\u043b \u043a\u0435\u0442\u0442\u0456.", "\u049a\u0430\u0439\u0434\u0430\u0441\u044b\u04a3? \u041e\u0441\u044b\u043d\u0434\u0430\u043c\u044b\u043d!"],
    "sk": ["On pri\u0161iel. Ona odi\u0161la.", "Kde si? Tu!"],
}

INTL = """
const rows = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const cut = ([language, text]) =>
  [...new Intl.Segmenter(language, { granularity: 'sentence' }).segment(text)].map((s) => s.segment);
console.log(JSON.stringify(rows.map(cut)));
"""


def stripped(pieces):
    return [piece.strip() for piece in pieces if piece.strip()]


def main():
    rows = [[language, text] for language, texts in TEXTS.items() for text in texts]
    node = subprocess.run(["node", "-e", INTL], input=json.dumps(rows), capture_output=True, text=True, check=True)
    cutters = {language: pysbd.Segmenter(language=language, clean=False) for language in TEXTS}
    found = [
        [language, text, stripped(cutters[language].segment(text)), stripped(other)]
        for (language, text), other in zip(rows, json.loads(node.stdout), strict=True)
    ]
    print("[\n" + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in found) + "\n]")


main()
