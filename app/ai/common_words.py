"""Words by which a short question's language is known. The frequent ones also say nothing about its subject."""

from functools import cache, lru_cache

_LISTS = {
    "en": """a about all am an and any are as at be been but by can could do does for from get had has have
        hello hi how i if in is it its just long many may me much my no not of off on one only or our out over
        please should so some than that the their there they this to up us was we were what when where which who
        why will with would yes you your thanks thank need want offer offers tell""",
    "es": """a al algo algún alguna antes aquí cada como cómo con cual cuál cuáles cuando cuándo cuanto cuánto
        cuánta cuántos cuántas cuesta de del desde después donde dónde el ella ellos en entre era es esa ese eso
        esta está están estar este esto estoy fue gracias ha hace hacer hasta hay hola la las le les lo los más
        me mi mis muy no nos o otra otro para pero por porque puede pueden puedo que qué quién se ser si sí sin
        sobre son soy su sus también te tengo tiene tienen tienes tu un una unos usted ustedes y ya yo ofrecen
        necesito quiero debo""",
    "de": """ab aber alle als also am an auch auf aus bei bin bis bitte brauche da darf dass das dem den der des
        die dies diese dieser doch du ein eine einem einen einer eines er es etwas für gibt habe haben hallo hat
        ich ihr ihre ihren im in ist ja jede jeder kann kein keine kostet können lange man mehr mein meine
        meinen mich mir mit muss müssen möchte nach nicht noch nur ob oder ohne pro sein sie sich sind so soll
        sollte um und uns unter viel vom von vor wann war warum was welche welchen welcher welches wenn wer
        werden wie wieso will wir wird wo wohin woher zu zum zur über danke bekomme bieten anbieten wollen""",
    "fr": """a ai au aux avec avez avoir bonjour c ce cela ces cet cette chez combien comme comment coûte d dans
        de depuis des dois doit donc du elle elles en entre est et être eu faire fait faut il ils j je jusqu l
        la le les leur leurs lui ma mais me merci mes moi mon même n ne non nos notre nous on ont ou où oui par
        pas peut peux plus pour pourquoi puis qu quand que quel quelle quelles quels qui quoi s sa sans se ses
        si son sont suis sur t ta te toi tu un une vos votre vous y à proposez existe voudrais veux""",
    "it": """a ad ai al alla alle anche avete c che chi ci ciao come con cosa costa cui da dal dalla dei del
        della delle devo di dopo dove e è ed era fare fra gli ha hai hanno ho i il in io l la le lo loro ma mi
        mio molto ne nei nel nella no noi non o per perché più posso potete può qual quale quali quando quanto
        quanta quanti quante quello questa questo se sei senza si sì sia sono su sua sue sul sulla suo tra tu un
        una uno vi voglio voi vorrei grazie c'è offrite serve bisogna""",
    "pt": """a ao aos as até com como custa da das de dele depois do dos e é ela ele eles em entre era essa esse
        esta está estão este eu fazer foi há isso isto já lhe mais mas me meu meus minha muito na nas nem no nos
        nossa não o obrigado obrigada olá onde os ou para pela pelo pode podem por porque posso preciso qual
        quais quando quanto quanta quantos quantas que quem se sem ser seu seus sim sobre são só sua suas também
        te tem têm tenho um uma umas uns você vocês à às quero oferecem existe devo""",
    "nl": """aan al alle als ben bij dan dat de der deze die dit doen door dus een en er geen graag had hallo
        heb hebben hebt heeft hem het hij hoe hoeveel hoelang hun ik in is ja je jij jullie kan kost kosten
        krijg kunnen kunt maar mag me meer men met mij mijn moet moeten na naar niet nog nu of om ons onze ook
        op over per te tot u uit uw van veel voor waar waarom wanneer wat we welk welke wel wie wij wil worden
        wordt zal ze zich zij zijn zo zonder bedankt bieden""",
    "pl": """a ale bez być był była chcę co cena czy czym dla do dlaczego dziękuję gdzie go i ich ile jak jaka
        jaki jakie jakich jest jestem jeśli już kiedy koszt kosztuje kto która które który ma macie mam mi mnie
        mogę można moje mój na nie niż o od on ona oni oraz po pod proszę przed przez przy są się ta tak także
        tego ten to tu ty tylko u w we więc witam wy z za ze że żeby cześć dzień dobry muszę potrzebuję
        oferujecie""",
    "tr": """acaba ama ancak bana ben beni benim bir biz bu bunu da daha de değil diye en gibi göre hangi her
        için ile ise istiyorum kaç kadar ki kim mı mi mu mü mıdır midir müsünüz mısınız misiniz musunuz nasıl ne
        neden nerede nereden nereye nedir o olan olarak olur olarak ona onu sadece saat sen siz sizin sonra şu
        tüm ücreti var ve veya vermiyor ya yok zaman merhaba teşekkürler selam evet hayır gerekiyor""",
    "sv": """att av behöver de den det din du där efter eller en ett finns för från får ha han har hej hur här i
        inte ja jag kan kostar kunna mycket med men min mitt mot måste ni nej någon något när och om oss på sig
        som ska så till tack under upp ut utan vad var varför vem vi vid vilka vilken vilket är över""",
    "da": """af at behøver de den der det din du eller en er et for fra får ha har hej hvad hvem hvilke hvilken
        hvor hvordan hvorfor hvornår i ikke ja jeg kan koster kunne man med meget men mig min mit nej noget når
        og om op os på sig skal som så tak til ud under var ved vi være""",
    "no": """av at de den der det din du eller en er et for fra får ha har hei hva hvem hvilke hvilken hvor
        hvordan hvorfor i ikke ja jeg kan koster kunne man med mye men meg min mitt nei noe når og om opp oss på
        seg skal som så takk til ut under var ved vi være""",
    "fi": """ei en että ja jos kanssa kiitos kuin kuinka kun mikä milloin missä mistä mitä mitkä minun minä
        miten moi myös niin olen oletko on onko ovat paljon paljonko saa se sekä siitä sinä tai tämä te teillä
        voi voiko voinko vai""",
    "cs": """a aby ahoj ale bez být co dobrý den do děkuji i ja jak jaká jaké jaký je jsem jsou já kde kdo kdy
        kolik která které který lze má mám máte mi mohu můj může na ne nebo od po pro proč před při s se si
        stojí ta tak to u už v ve z za ze že jakou musím můžu""",
    "ro": """a ai al am are aveți bună ca care când cât câte ce cine cu cum da de deschis din după e este eu în
        îmi la mă mai mi mulțumesc nu o pe pentru pot sau se si și să sunt un una unde vă""",
    "hu": """a az egy és hány hogy hogyan hol honnan ha hol igen is itt kell ki köszönöm lehet meg mennyi
        mennyibe mi mikor milyen miért nem nincs van vagy szia önök kerül tudok""",
    "id": """ada adalah anda apa apakah bagaimana berapa bisa bisakah boleh dan dapat dari dengan di halo harga
        ini itu jam kami kapan ke kita mana mengapa pada saya siapa terima kasih tidak untuk yang""",
    "vi": """anh bao bạn bị các cần cho chào có của cảm ơn đến được gì giờ hay không khi là làm mấy một mở nào
        này nhiêu như ở sao thế thể tôi từ và về với xin""",
    "ca": """a al amb com costa de del dels el els en és està gràcies hi ha hola i la les no o on per què puc
        quan quant quina quines quins que se si són teniu tenen té un una us""",
    "ru": """а без был была были было быть в вам вас вы где да для до его ее если есть ещё еще же за
        здравствуйте и из или им их к как какая какие какой какого когда кто куда ли меня мне могу можно мой мы
        на надо нам нас не нет ни но ну нужно о об он она они от по под почему при привет с со сколько спасибо
        стоит так такой там то только у уже чего чем что чтобы это этот я вами нужен нужна""",
    "uk": """а або але без в ви від де для до є за з зі і із його коли котра котрий мені можна мої на не ні об
        по про привіт скільки та так те тільки у це чи чого чому що щоб як яка який які я дякую коштує""",
    "bg": """аз в ви за има и как какво какви каква когато колко кога къде ли ме ми може мога на не от по при с
        са се си след съм това той тук у че здравейте благодаря струва""",
    "ar": """أن أو أي أين إلى التي الذي الى ان او اي اين تكلفة ثم حتى ذلك عن على عند عندكم في كان كل كم كيف لا
        لدي لديكم لم لماذا لي ليس ما ماذا متى مرحبا مع من منذ نحن نعم هذا هذه هل هناك هو هي و يا يمكن يمكنني
        شكرا أريد توجد يوجد""",
    "fa": """آیا است از این با باز برای به تا چند چه چطور چقدر چگونه در را سلام شما کجا کجاست کدام که کی ما من
        می هست هستید و یا یک ممنون دارید دارد""",
    "ur": """آپ اور ایک پر تھا سے کا کب کتنا کتنی کتنے کر کس کہاں کو کون کی کیا کیسے کے لیے میں نہیں نے ہم ہوں
        ہے ہیں یا یہ شکریہ سلام""",
    "hi": """अगर अपना अपनी अपने आप आपका आपकी आपके इस इसका उस एक ऐसा और कब कर करता करते करना करने का कितना कितनी
        कितने किस किसी की कुछ के कैसे को कोई कौन कौनसा क्या क्यों जब जा जाता जो तक तो था थी थे दिया द्वारा
        धन्यवाद नमस्ते नहीं ने पर बारे भी मुझे मेरा मेरी मेरे मैं में यदि यह यहाँ या ये रहा रहे लिए वह वहाँ वे
        सकता सकते सकती से हम हाँ ही हुआ हुई हूँ हैं है हो होता होती होते होना मिलता मिलती मिलेगा चाहिए""",
    "mr": """आणि आहे आहेत का काय किती कधी कसे कुठे च तुम्ही ते नाही मला मी या साठी हे ही""",
    "ne": """कति कसरी कहिले कहाँ के को छ छन् छैन तपाईं म मा मेरो यो र लाई हुन्छ हो""",
    "zh": """一个 一下 什么 什麼 他们 你们 你們 你好 其他 几个 可以 可否 咨询 哪个 哪些 哪儿 哪家
        哪裡 哪里 多久 多少 如何 如果 对吗 少钱 怎么 怎麼 怎样 想要 想问 我们 我想 我的 我要
        是不 是什 是否 是多 会怎 有什 有吗 有没 没有 请问 请教 谁是 这个 那个 都有 需要 不是
        么样 什么时 么时 时候 告诉 您好 谢谢""",
    "ja": """あり ありま いく いつ かか から こと して した する です どう どこ どの なに なん
        のは のか ます ませ まで ます りま すか せん たい でき きま くだ ださ さい くら らで
        いで いま おり 何で 何時 教え えて てく""",
    "ko": """나요 니까 습니 합니 까요 어떻 떻게 얼마 언제 어디 있나 있습 무엇 인가 가요 수있 하나""",
    "el": """από για δεν είναι έχει έχετε η θα και κάνω κοστίζει με μου μπορώ να ο οι όχι πόσο πότε που πού πώς
        σας σε στη στην στο τα τη την της τι τις το τον του τους των ευχαριστώ γεια""",
    "he": """אבל אין אם אני איך איפה את אתם הוא היא האם זה יש כמה לא מה מי מתי על עם של שלום תודה אפשר""",
}


# What people ask a front desk in a single word, where the frequent words don't help.
_SUBJECTS = {
    "en": """address booking cancel cancellation closed contact delivery free hours invoice location open
        opening parking password phone price prices pricing refund return shipping support ticket tickets today
        tomorrow""",
    "es": """abierto abre cancelar cita contacto devolución dirección entrada envío factura gratis horario
        horarios mañana precio precios reembolso reserva reservar""",
    "de": """abholen adresse anfahrt geöffnet heute kosten kostenlos kündigen lieferung morgen offen
        öffnungszeiten preis preise rechnung rückgabe stornieren stornierung termin uhr versand""",
    "fr": """adresse annuler demain facture gratuit horaire horaires livraison ouvert ouverture prix
        remboursement rendez réservation réserver tarif tarifs""",
    "it": """aperto apertura cancellare consegna domani fattura gratis indirizzo orari orario prenotare
        prenotazione prezzi prezzo rimborso spedizione""",
    "pt": """aberto agendar amanhã cancelar endereço entrega envio estacionamento fatura grátis horário horários
        preço preços reembolso reserva""",
    "nl": """adres afspraak annuleren bezorging factuur gratis morgen openingstijden prijs prijzen retourneren
        vandaag""",
    "pl": """adres anulować cennik ceny dostawa faktura godziny kontakt otwarcia otwarte rezerwacja zwrot""",
    "tr": """adres bugün fatura fiyat fiyatlar fiyatı iade iletişim iptal kargo rezervasyon yarın""",
    "sv": """adress avboka betala boka faktura öppet öppettider pris priser""",
    "da": """adresse afbestille åbningstider faktura pris priser refusion""",
    "no": """adresse avbestille åpningstider faktura pris priser refusjon""",
    "ru": """адрес возврат время доставка заказ оплата отмена работы режим стоимость цена цены часы""",
    "uk": """адреса вартість доставка години повернення роботи скасувати ціна ціни""",
    "bg": """адрес време връщане доставка работно цена цени""",
    "fa": """آدرس ساعت قیمت کاری لغو""",
    "ar": """السعر العنوان العمل ساعات سعر عنوان حجز إلغاء استرداد""",
    "hi": """कीमत पता बुकिंग रद्द समय""",
}

# First words of sentences that can't stand without the one before.
_POINTING_BACK = {
    "en": """it its this these that those they them their he she his her such otherwise then afterwards also
        moreover""",
    "es": "esto este esta estos estas eso ese esa ello ellos ellas él ella así además después también",
    "de": """dies diese dieser dieses diesen er sie es ihr ihre dort dafür danach davon dazu darin sonst außerdem
        auch""",
    "fr": "il elle ils elles ce c cela celui celle ceux cette ces sinon ensuite aussi",
    "it": "esso essa essi questo questa questi queste ciò inoltre poi anche",
    "pt": "ele ela eles elas isto isso este esta esse essa estes além depois também",
    "nl": "dit deze dat hij zij ze daarna ook anders",
    "pl": "ten ta to te oni one potem też również",
    "tr": "bu bunlar bunun o onlar sonra ayrıca",
    "sv": "den det de detta dessa han hon sedan också",
    "ru": "он она оно они это эти этот эта там тогда также затем",
    "ar": "هذا هذه ذلك تلك هو هي هم وهو وهي كما بعدها وبعد",
    "hi": "यह ये वह वे इस इसके इसका इसकी इन इनके उस उसके इसमें",
}
_POINTING_BACK_UNSPACED = {
    "zh": ("它", "他", "她", "这", "這", "该", "該", "其", "此", "之后", "否则"),
    "ja": ("それ", "これ", "その", "この", "そこ"),
}


@cache
def common_words(language: str) -> frozenset[str]:
    """The frequent words of a language, in lower case; empty for languages without a list."""
    return frozenset(_LISTS.get(language, "").split())


@lru_cache(maxsize=5_000)
def languages_of(word: str) -> tuple[str, ...]:
    """The languages that `word` (lower case) is a sign of."""
    return tuple(language for language in _LISTS if word in common_words(language) or word in _subjects(language))


@cache
def _subjects(language: str) -> frozenset[str]:
    return frozenset(_SUBJECTS.get(language, "").split())


def points_back(sentence: str, language: str) -> bool:
    """Whether a sentence starts with a word that stands for something in the sentence before, such as "it"."""
    if sentence.startswith(_POINTING_BACK_UNSPACED.get(language, ("\0",))):
        return True
    first = sentence.replace("'", " ").replace("\u2019", " ").split(maxsplit=1)[:1]
    return bool(first) and first[0].strip(",;:").lower() in _POINTING_BACK.get(language, "").split()
