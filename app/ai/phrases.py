"""What the agent says without asking anybody: small talk, and that it doesn't know."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from app.ai.language import primary

SmallTalk = Literal["greeting", "thanks", "goodbye"]

_MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Phrases:
    """Fixed texts in one language."""

    # The documents don't tell; a person might.
    refusal: str
    greeting: str
    thanks: str
    goodbye: str
    # Something broke on our side.
    failure: str
    # Follows a refusal while documents are on their way.
    still_reading: str


_PHRASES = {
    "en": Phrases(
        "I don't know: I found nothing about this in the documents I have. I can connect you to a person.",
        "Hello! What can I do for you?",
        "You're welcome! Is there anything else?",
        "Goodbye, and thank you for your visit!",
        "I can't answer at the moment. Please try again shortly, or ask for a person.",
        "I am still reading some of the documents: in a minute I may know more.",
    ),
    "es": Phrases(
        "No lo sé: no he encontrado nada sobre esto en los documentos que tengo. Puedo ponerte en contacto con una "
        "persona.",
        "¡Hola! ¿En qué puedo ayudarte?",
        "¡De nada! ¿Necesitas algo más?",
        "¡Hasta pronto y gracias por tu visita!",
        "Ahora mismo no puedo responder. Inténtalo de nuevo en un momento o pide hablar con una persona.",
        "Todavía estoy leyendo algunos documentos: dentro de un minuto quizá sepa más.",
    ),
    "de": Phrases(
        "Das weiß ich nicht: In den Dokumenten, die ich habe, steht dazu nichts. Ich kann Sie mit einem Menschen "
        "verbinden.",
        "Hallo! Was kann ich für Sie tun?",
        "Gern geschehen! Kann ich noch etwas für Sie tun?",
        "Auf Wiedersehen und danke für Ihren Besuch!",
        "Im Augenblick kann ich nicht antworten. Bitte versuchen Sie es gleich noch einmal oder fragen Sie nach einem "
        "Menschen.",
        "Einige Dokumente lese ich gerade noch: In einer Minute weiß ich vielleicht mehr.",
    ),
    "fr": Phrases(
        "Je ne sais pas : je n'ai rien trouvé à ce sujet dans les documents dont je dispose. Je peux vous mettre en "
        "relation avec une personne.",
        "Bonjour ! Que puis-je faire pour vous ?",
        "Je vous en prie ! Puis-je faire autre chose pour vous ?",
        "Au revoir et merci de votre visite !",
        "Je ne peux pas répondre pour le moment. Réessayez dans un instant ou demandez à parler à une personne.",
        "Je suis encore en train de lire certains documents : dans une minute, j'en saurai peut-être plus.",
    ),
    "it": Phrases(
        "Non lo so: nei documenti che ho non ho trovato nulla in proposito. Posso metterti in contatto con una "
        "persona.",
        "Ciao! Come posso aiutarti?",
        "Prego! Posso fare altro per te?",
        "Arrivederci e grazie della visita!",
        "In questo momento non posso rispondere. Riprova tra poco o chiedi di parlare con una persona.",
        "Sto ancora leggendo alcuni documenti: tra un minuto forse ne saprò di più.",
    ),
    "pt": Phrases(
        "Não sei: não encontrei nada sobre isso nos documentos que tenho. Posso pôr você em contato com uma pessoa.",
        "Olá! Em que posso ajudar?",
        "De nada! Posso ajudar em mais alguma coisa?",
        "Até logo e obrigado pela visita!",
        "Não consigo responder agora. Tente de novo em instantes ou peça para falar com uma pessoa.",
        "Ainda estou lendo alguns documentos: daqui a um minuto talvez eu saiba mais.",
    ),
    "nl": Phrases(
        "Dat weet ik niet: ik heb er niets over gevonden in de documenten die ik heb. Ik kan je in contact brengen met "
        "een medewerker.",
        "Hallo! Waarmee kan ik je helpen?",
        "Graag gedaan! Kan ik nog iets voor je doen?",
        "Tot ziens en bedankt voor je bezoek!",
        "Ik kan op dit moment niet antwoorden. Probeer het zo nog eens of vraag naar een medewerker.",
        "Ik ben nog bezig een paar documenten te lezen: over een minuut weet ik misschien meer.",
    ),
    "ar": Phrases(
        "لا أعرف: لم أجد شيئا عن هذا في المستندات المتوفرة لدي. يمكنني أن أصلك بأحد الموظفين.",
        "مرحبا! كيف يمكنني مساعدتك؟",
        "على الرحب والسعة! هل تحتاج إلى شيء آخر؟",
        "مع السلامة، وشكرا لزيارتك!",
        "لا أستطيع الإجابة الآن. حاول مرة أخرى بعد قليل أو اطلب التحدث إلى أحد الموظفين.",
        "ما زلت أقرأ بعض المستندات: قد أعرف المزيد بعد دقيقة.",
    ),
    "hi": Phrases(
        "मुझे नहीं पता: मेरे पास मौजूद दस्तावेज़ों में इसके बारे में कुछ नहीं मिला। मैं आपको किसी व्यक्ति से जोड़ सकता हूँ।",
        "नमस्ते! मैं आपकी क्या मदद कर सकता हूँ?",
        "आपका स्वागत है! क्या मैं और कुछ मदद करूँ?",
        "अलविदा, आने के लिए धन्यवाद!",
        "मैं अभी जवाब नहीं दे पा रहा हूँ। कृपया थोड़ी देर बाद फिर कोशिश करें या किसी व्यक्ति से बात करने को कहें।",
        "मैं अभी कुछ दस्तावेज़ पढ़ रहा हूँ: एक मिनट में शायद मुझे और पता हो।",
    ),
    "zh": Phrases(
        "我不知道：在我掌握的资料里没有找到相关内容。我可以为您转接人工客服。",
        "您好！请问有什么可以帮您？",
        "不客气！还有什么可以帮您的吗？",
        "再见，感谢您的光临！",
        "我暂时无法回答。请稍后再试，或者要求转接人工客服。",
        "我还在阅读一部分资料，一分钟后也许能回答得更多。",
    ),
    "ja": Phrases(
        "わかりません。手元の資料には、これについての記載が見つかりませんでした。担当者におつなぎできます。",
        "こんにちは！どのようなご用件でしょうか？",
        "どういたしまして！ほかにお手伝いできることはありますか？",
        "ありがとうございました。またお越しください！",
        "ただいまお答えできません。しばらくしてからもう一度お試しいただくか、担当者をお呼びください。",
        "一部の資料をまだ読んでいるところです。1分ほどすると、もっとお答えできるかもしれません。",
    ),
    "ru": Phrases(
        "Я не знаю: в документах, которые у меня есть, об этом ничего не нашлось. Могу соединить вас с сотрудником.",
        "Здравствуйте! Чем могу помочь?",
        "Пожалуйста! Могу ли я ещё чем-нибудь помочь?",
        "До свидания, спасибо за визит!",
        "Сейчас я не могу ответить. Попробуйте ещё раз чуть позже или попросите соединить вас с сотрудником.",
        "Часть документов я ещё читаю: через минуту, возможно, буду знать больше.",
    ),
    "tr": Phrases(
        "Bilmiyorum: elimdeki belgelerde bununla ilgili bir şey bulamadım. Sizi bir yetkiliye bağlayabilirim.",
        "Merhaba! Size nasıl yardımcı olabilirim?",
        "Rica ederim! Başka bir konuda yardımcı olabilir miyim?",
        "Hoşça kalın, ziyaretiniz için teşekkürler!",
        "Şu anda yanıt veremiyorum. Lütfen biraz sonra yeniden deneyin ya da bir yetkiliyle görüşmek isteyin.",
        "Bazı belgeleri hâlâ okuyorum: bir dakika sonra daha fazlasını bilebilirim.",
    ),
    "pl": Phrases(
        "Nie wiem: w dokumentach, które mam, nie ma nic na ten temat. Mogę połączyć Cię z pracownikiem.",
        "Dzień dobry! W czym mogę pomóc?",
        "Nie ma za co! Czy mogę pomóc w czymś jeszcze?",
        "Do widzenia i dziękuję za wizytę!",
        "Nie mogę teraz odpowiedzieć. Spróbuj ponownie za chwilę albo poproś o rozmowę z pracownikiem.",
        "Część dokumentów jeszcze czytam: za minutę być może będę wiedzieć więcej.",
    ),
}

# Whole messages, without signs and in lower case.
_GREETINGS = """hello|hello there|hi|hi there|hey|hey there|good morning|good afternoon|good evening|
    greetings|how are you|hello how are you|hi how are you|hola|buenas|buenos días|buenos dias|
    buenas tardes|buenas noches|hola buenas|hola buenos días|hola qué tal|qué tal|hallo|guten tag|
    guten morgen|guten abend|grüß gott|moin|servus|hallo zusammen|bonjour|bonsoir|salut|coucou|
    bonjour à tous|ciao|buongiorno|buonasera|salve|olá|oi|bom dia|boa tarde|boa noite|oi tudo bem|
    olá tudo bem|tudo bem|hoi|goedemorgen|goedemiddag|goedenavond|goedendag|dag|مرحبا|مرحباً|أهلا|اهلا|
    أهلا وسهلا|السلام عليكم|سلام|صباح الخير|مساء الخير|नमस्ते|नमस्कार|हैलो|हेलो|हाय|प्रणाम|राम राम|你好|
    您好|你们好|嗨|哈喽|早上好|下午好|晚上好|在吗|こんにちは|こんばんは|おはよう|おはようございます|
    はじめまして|もしもし|привет|здравствуйте|здравствуй|добрый день|доброе утро|добрый вечер|приветствую|
    merhaba|selam|selamlar|günaydın|iyi günler|iyi akşamlar|cześć|dzień dobry|dobry wieczór|witam|hej|
    안녕하세요|안녕|สวัสดี|γεια σας|שלום|xin chào|halo"""
_THANKS = """thanks|thank you|thanks a lot|thank you very much|thank you so much|many thanks|thx|ok thanks|
    okay thanks|ok thank you|great thanks|great thank you|perfect thanks|thanks for your help|
    thank you for your help|cheers|gracias|muchas gracias|mil gracias|ok gracias|vale gracias|
    gracias por la ayuda|gracias por tu ayuda|perfecto gracias|danke|danke schön|dankeschön|vielen dank|
    danke sehr|ok danke|super danke|besten dank|danke für die hilfe|merci|merci beaucoup|ok merci|
    merci bien|merci pour votre aide|parfait merci|grazie|grazie mille|molte grazie|ok grazie|ti ringrazio|
    obrigado|obrigada|muito obrigado|muito obrigada|ok obrigado|valeu|bedankt|dank je|dank je wel|dankjewel|
    dank u|dank u wel|hartelijk dank|شكرا|شكراً|شكرا جزيلا|شكرا لك|ألف شكر|धन्यवाद|शुक्रिया|बहुत धन्यवाद|
    बहुत बहुत धन्यवाद|थैंक यू|थैंक्स|谢谢|謝謝|谢谢你|谢谢您|多谢|非常感谢|好的谢谢|感谢|ありがとう|
    ありがとうございます|ありがとうございました|どうも|どうもありがとう|спасибо|большое спасибо|
    спасибо большое|благодарю|ок спасибо|спасибо за помощь|teşekkürler|teşekkür ederim|çok teşekkürler|
    çok teşekkür ederim|sağ ol|sağ olun|sağolun|tamam teşekkürler|dziękuję|dzięki|dziękuję bardzo|
    bardzo dziękuję|ok dzięki|감사합니다|고마워요|ขอบคุณ|ευχαριστώ|תודה|cảm ơn|terima kasih|tack|takk"""
_GOODBYES = """bye|bye bye|goodbye|good bye|see you|see you later|see you soon|have a nice day|
    have a good day|good night|thanks bye|ok bye|thank you bye|adiós|adios|hasta luego|hasta pronto|chao|
    chau|gracias adiós|nos vemos|hasta la próxima|tschüss|tschüs|auf wiedersehen|bis bald|bis dann|
    ciao ciao|danke tschüss|schönen tag noch|au revoir|à bientôt|bonne journée|bonne soirée|merci au revoir|
    à plus|arrivederci|a presto|buona giornata|addio|tchau|até logo|até mais|adeus|até breve|obrigado tchau|
    tot ziens|doei|dag hoor|fijne dag|مع السلامة|وداعا|إلى اللقاء|الى اللقاء|अलविदा|फिर मिलेंगे|बाय|टाटा|
    再见|再見|拜拜|回头见|さようなら|またね|では また|失礼します|до свидания|пока|всего доброго|до встречи|
    hoşça kal|hoşça kalın|güle güle|görüşürüz|iyi geceler|do widzenia|pa pa|na razie|miłego dnia|
    do zobaczenia|안녕히 계세요|ลาก่อน|αντίο|להתראות|tạm biệt|sampai jumpa"""


def phrases(language: str) -> Phrases:
    """The fixed texts in a language; in English where there are none."""
    return _PHRASES.get(primary(language), _PHRASES["en"])


def small_talk(message: str) -> SmallTalk | None:
    """Whether a whole message is nothing but a greeting, thanks or a farewell, in any of the languages above and a few
    more; None for everything else, such as a greeting with a question behind it."""
    if len(message) > _MOST_CHARACTERS:
        return None
    return _known().get(_plain(message))


@cache
def _known() -> dict[str, SmallTalk]:
    lists: dict[SmallTalk, str] = {"greeting": _GREETINGS, "thanks": _THANKS, "goodbye": _GOODBYES}
    return {_plain(message): kind for kind, joined in lists.items() for message in joined.split("|")}


def _plain(message: str) -> str:
    """The message without signs, emoji, blanks at its ends and differences of case."""
    kept = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in unicodedata.normalize("NFKC", message).lower()
        if character not in "'\u2019\ufe0f"
    )
    return " ".join("".join(kept).split())
