// Every operation of @azure/cognitiveservices-computervision, 5 to 8, from the folder named.
"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const { Readable } = require("node:stream");
const { test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");

const load = createRequire(path.join(process.argv[2], "package.json"));
const { ApiKeyCredentials, RestError } = load("@azure/ms-rest-js");
const { ComputerVisionClient } = load("@azure/cognitiveservices-computervision");
const { VISION_ENDPOINT: ENDPOINT, VISION_KEY: KEY, VISION_SAMPLES: SAMPLES } = process.env;

const QUOTATION = "NOTHING EXISTS EXCEPT ATOMS AND EMPTY SPACE. Everything else is opinion.";
const NOTE = ["Dear Ada,", "it works at last!", "Tea on Monday at four?"];
const connect = (key) =>
  new ComputerVisionClient(
    new ApiKeyCredentials({ inHeader: { "Ocp-Apim-Subscription-Key": key } }),
    ENDPOINT,
  );
const client = connect(KEY);
const wrapped = client.baseUri.endsWith("/v3.2");

const METHODS = {
  analyze: ["analyzeImage"],
  describe: ["describeImage"],
  tag: ["tagImage"],
  celebrities: ["analyzeImageByDomain", "celebrities"],
  landmarks: ["analyzeImageByDomain", "landmarks"],
  thumbnail: ["generateThumbnail", 50, 50],
  ocr: ["recognizePrintedText", true],
  detect: ["detectObjects"],
  area: ["getAreaOfInterest"],
  recognize_text: ["recognizeText", "Handwritten"],
  read: [client.read ? "read" : "batchReadFile"],
  brands: ["analyzeImage"],
};

/** Call an operation; what comes before the picture stands in METHODS, with one exception. */
function send(operation, way, picture, options) {
  const [name, ...first] = METHODS[operation];
  if (way === "url") return client[name](...first, picture, options);
  const swapped = operation === "recognize_text";
  const all = swapped ? [picture, ...first] : [...first, picture];
  return client[`${name}InStream`](...all, options);
}

function call(operation, way, name, options = {}) {
  if (way === "url") return send(operation, way, `${ENDPOINT}/samples/${name}`, options);
  return send(operation, way, () => fs.createReadStream(path.join(SAMPLES, name)), options);
}

function covers(box, left, top, right, bottom) {
  const across = 0 <= box.x && box.x <= left && right <= box.x + box.w;
  assert(across && 0 <= box.y && box.y <= top && bottom <= box.y + box.h, JSON.stringify(box));
}

function linesOfNote(lines) {
  assert.deepEqual(lines.map((line) => line.text), NOTE);
  assert.deepEqual(lines[0].words.map((word) => word.text), ["Dear", "Ada,"]);
  for (const { boundingBox: box } of lines) {
    assert.equal(box.length, 8);
    assert(box.every((value, i) => value >= 0 && value <= (i % 2 ? 330 : 640)), box);
  }
}

/** Ask for the result of an operation until it has ended. */
async function poll(begun, results) {
  const name = begun.operationLocation.split("/").pop();
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    const found = await client[results](name);
    if (/^(running|not ?started)$/i.test(found.status)) continue;
    assert.equal(found.status.toLowerCase(), "succeeded");
    return found;
  }
  throw new Error(`${name} is still running after a minute`);
}

/** Try what must be refused by the package's own exception, which tells the code and why. */
async function refused(trial, code, { flat = !wrapped, parsed = true } = {}) {
  const error = await trial().then(() => assert.fail(`no ${code}`), (reason) => reason);
  assert(error instanceof RestError, String(error));
  assert.equal(error.statusCode, 400);
  if (!parsed) return;
  const said = flat ? error.body : error.body.error.innererror;
  assert.equal(said.code, code);
  assert(said.message);
}

const TRIALS = {
  async analyze(way) {
    const visualFeatures = [
      "ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description", "Objects",
    ];
    const details = ["Celebrities"];
    const found = await call("analyze", way, "grace_hopper.jpg", { visualFeatures, details });
    const people = found.categories.find((category) => category.name === "people_");
    assert.deepEqual(people.detail.celebrities.map((person) => person.name), ["Grace Hopper"]);
    const { left: x, top: y, width: w, height: h } = found.faces[0].faceRectangle;
    covers({ x, y, w, h }, 230, 190, 300, 300);
    assert.deepEqual(found.metadata, { width: 512, height: 600, format: "Jpeg" });
    assert(found.description.captions[0].text.includes("Grace Hopper"));
    assert(found.tags.some((tag) => tag.name === "tie"));
    assert(found.objects.some((thing) => thing.object === "tie"));
    assert.equal(found.color.isBWImg, false);
    assert.equal(found.color.accentColor.length, 6);
    assert.equal(found.adult.isAdultContent, false);
    assert(found.adult.adultScore < 0.5);
    assert.deepEqual(found.imageType, { clipArtType: 0, lineDrawingType: 0 });
    assert.equal(found.requestId.length, 36);
  },
  async describe(way) {
    const found = await call("describe", way, "chelsea_the_cat.jpg", { maxCandidates: 2 });
    assert(found.tags.includes("cat"));
    assert(found.captions[0].text.includes("cat"));
  },
  async tag(way) {
    const found = await call("tag", way, "chelsea_the_cat.jpg");
    assert(found.tags.find((tag) => tag.name === "cat").confidence > 0.5);
  },
  async celebrities(way) {
    const found = await call("celebrities", way, "grace_hopper.jpg");
    assert.deepEqual(found.result.celebrities.map((person) => person.name), ["Grace Hopper"]);
  },
  async landmarks(way) {
    const found = await call("landmarks", way, "summer_palace.jpg");
    assert.deepEqual(found.result.landmarks.map((place) => place.name), ["Summer Palace"]);
  },
  async thumbnail(way) {
    const found = await call("thumbnail", way, "dahlia.jpg", { smartCropping: true });
    const data = Buffer.concat(await found.readableStreamBody.toArray());
    const frame = data.indexOf(Buffer.from([0xff, 0xc0, 0x00, 0x11, 0x08]));
    assert(data.readUInt16BE(0) === 0xffd8 && frame > 0, "no JPEG");
    assert.deepEqual([data.readUInt16BE(frame + 7), data.readUInt16BE(frame + 5)], [50, 50]);
  },
  async ocr(way) {
    const found = await call("ocr", way, "democritus.png");
    const lines = found.regions.flatMap((region) => region.lines);
    const words = lines.flatMap((line) => line.words.map((word) => word.text));
    assert.equal(words.join(" "), QUOTATION);
    assert.equal(found.orientation, "Up");
    assert(Math.abs(found.textAngle) < 0.05);
    const [x, y, w, h] = lines[0].boundingBox.split(",").map(Number);
    covers({ x, y, w, h }, 60, 30, 280, 50);
  },
  async detect(way) {
    const { objects } = await call("detect", way, "chelsea_the_cat.jpg");
    const cat = objects.find((thing) => thing.object === "cat");
    covers(cat.rectangle, 120, 40, 330, 250);
    assert.equal(cat.parent.object, "mammal");
  },
  async area(way) {
    const found = await call("area", way, "dahlia_off_centre.jpg");
    covers(found.areaOfInterest, 100, 80, 220, 200);
    assert(found.areaOfInterest.w < 400, "all of it");
  },
  async recognize_text(way) {
    const begun = await call("recognize_text", way, "handwritten_note.jpg");
    const found = await poll(begun, "getTextOperationResult");
    linesOfNote(found.recognitionResult.lines);
  },
  async read(way) {
    const begun = await call("read", way, "handwritten_note.jpg");
    const results = client.read ? "getReadResult" : "getReadOperationResult";
    const found = await poll(begun, results);
    const [page] = found.recognitionResults ?? found.analyzeResult.readResults;
    assert.deepEqual([page.page, page.width, page.height, page.unit], [1, 640, 330, "pixel"]);
    linesOfNote(page.lines);
  },
  async brands(way) {
    const visualFeatures = ["Brands"];
    const trial = () => call("brands", way, "coffee_cup.jpg", { visualFeatures });
    await refused(trial, "NotSupportedFeature");
  },
};

/** Send a picture that is none to every method that takes one. */
async function errors(way) {
  const code = way === "url" ? "InvalidImageUrl" : "InvalidImageFormat";
  const bad = way === "url" ? `${ENDPOINT}/samples/nothing.jpg` : () => Readable.from(["none"]);
  for (const operation of Object.keys(METHODS).filter((name) => has(name, way))) {
    const flat = !wrapped || operation === "read";
    const parsed = operation !== "thumbnail"; // no version reads the body of this error
    await refused(() => send(operation, way, bad), code, { flat, parsed });
  }
}

async function wrongKey() {
  const error = await connect("wrong").listModels().then(() => assert.fail("let in"), (e) => e);
  assert(error instanceof RestError, String(error));
  assert.equal(error.statusCode, 401);
}

async function models() {
  const { modelsProperty: found } = await client.listModels();
  assert.deepEqual(found.map((model) => model.name), ["celebrities", "landmarks"]);
}

function has(operation, way) {
  return METHODS[operation][0] + (way === "url" ? "" : "InStream") in client;
}

test("models", models);
test("wrong_key", wrongKey);
for (const way of ["url", "stream"]) {
  for (const [operation, trial] of Object.entries(TRIALS)) {
    test(`${operation} ${way}`, { skip: !has(operation, way) }, () => trial(way));
  }
  test(`errors ${way}`, () => errors(way));
}
