"""Ordinary words that stand beside a worker's own: nobody who looks on can tell which of four is whose."""

DECOYS = tuple(
    """
    acorn almond amber anchor apple apron arrow badge bagel bamboo basil basket beacon beetle bench berry biscuit
    blanket blossom bonnet bottle bramble branch breeze bridge bronze bucket button cactus camera candle canoe canvas
    carrot castle cedar cellar cherry chestnut cinnamon circle clover cobweb coffee comet copper coral cotton cradle
    crayon cricket crystal cushion daisy dolphin donkey dragon eagle elbow engine fabric falcon feather fiddle flannel
    forest fossil garden garlic ginger glacier granite guitar hammer harbour harvest hazel hedgehog helmet heron honey
    island ivory jacket jasmine jigsaw juniper kettle kitten ladder lantern lemon lettuce linen lobster magnet magpie
    mango maple marble meadow melon mirror mitten muffin mustard napkin nettle noodle nutmeg oatmeal ocean olive onion
    orange orchard otter oyster paddle panda parcel parsley pebble pencil penguin pepper pigeon pillow planet plum
    pocket poppy potato pumpkin puzzle rabbit radish rainbow raisin ribbon river rocket saddle salmon sandal saucer
    scarf shadow silver sparrow spider spinach spoon squirrel statue sunset tablet teapot thimble thunder ticket tiger
    timber toffee tomato trumpet tulip turnip tunnel turtle valley vanilla velvet violin waffle walnut walrus weaver
    willow window winter yellow yogurt zebra
    """.split()
)
