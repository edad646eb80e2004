"""Cost, speed, memory and growth of the service: `make bench`.

`__main__` runs the groups of rows below in one run, one after the other, and prints a row as soon
as it is measured. Each group is a module with a function `measure`.

- `start`: importing the package, and the first caption of a new service.
- `client`: a call of the client, its polling and its threads, against what they replace.
- `cost`: CPU time of an image, against stock RapidOCR (`stock_rapidocr`).
- `tesseract`: time and errors of `ocr`, against Tesseract.
- `load`: four clients, and 64.
- `memory`: after all of that, and while a page of 10 megapixels is read.
- `growth`: the cost against the number of megapixels, faces and lines.

CPU times are those of the service's process, user and system, so that other processes disturb them
little. Seconds are meaningful on an idle machine only. What is compared is measured in turns.
"""
