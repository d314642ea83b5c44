// Fetches one event stream and parses it: what a program that uses Arkor's own SDK does at least.
import { createParser } from "eventsource-parser";

let events = 0;
let steps = 0;
const parser = createParser({
  onEvent(event) {
    events += 1;
    steps += JSON.parse(event.data).step ?? 0;
  },
});
const response = await fetch(process.argv[2]);
const decoder = new TextDecoder();
for await (const chunk of response.body) {
  parser.feed(decoder.decode(chunk, { stream: true }));
}
console.log(JSON.stringify({ events, steps }));
