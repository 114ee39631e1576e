// What two JavaScript calendars read: node calendars.mjs WEB <texts.json >read.json
// texts: a list of iCalendar texts; read: for each, by library, its method and its entries.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const ICAL = require("ical.js").default ?? require("ical.js");
const ical = require("node-ical");

/** @param {any} time a moment, or a day */
function said(time) {
  return time.isDate ? time.toString() : time.toJSDate().toISOString();
}

/** @param {string} text */
function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents("vevent").map((part) => {
    const event = new ICAL.Event(part);
    return {
      uid: event.uid,
      sequence: event.sequence,
      starts: said(event.startDate),
      ends: said(event.endDate),
      title: event.summary,
      words: event.description ?? "",
      place: event.location ?? "",
      status: part.getFirstPropertyValue("status"),
      guests: event.attendees.map((one) => one.getFirstValue()),
    };
  });
  return { method: calendar.getFirstPropertyValue("method") ?? "", events };
}

/** @param {string} text */
function byNodeIcal(text) {
  const read = Object.values(ical.sync.parseICS(text));
  const events = read.filter((one) => one.type === "VEVENT").map((event) => ({
    uid: event.uid,
    sequence: Number(event.sequence),
    starts: event.datetype === "date" ? day(event.start) : event.start.toISOString(),
    ends: event.datetype === "date" ? day(event.end) : event.end.toISOString(),
    title: plain(event.summary),
    words: plain(event.description),
    place: plain(event.location),
    status: event.status,
    guests: [event.attendee ?? []].flat().map((one) => one.val),
  }));
  const [first] = Object.values(read).filter((one) => one.type === "VEVENT");
  return { method: first?.method ?? "", events };
}

/** @param {Date} at the local midnight that a day is read as */
function day(at) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** @param {any} value text, or text with parameters */
function plain(value) {
  return (typeof value === "object" && value ? value.val : value) ?? "";
}

const texts = JSON.parse(readFileSync(0, "utf8"));
const read = texts.map((/** @type {string} */ text) => ({
  "ical.js": byIcalJs(text),
  "node-ical": byNodeIcal(text),
}));
process.stdout.write(JSON.stringify(read));
