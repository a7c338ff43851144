// The same load on every engine.
//
// A peer has: start(execute), which starts workers that call execute(number); accept(number), which
// records one operation durably; allDone(operations) and allAccepted(operations), which ask the database;
// and perhaps call(number, ledger), which records one, waits for it and answers when that was.

import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from './ledger.mjs';

// How often it is looked whether all ends are recorded, in milliseconds.
const LOOK = 2;

// Operations before those that count, and clients that send them.
const WARM_UP = 500;
const WARM_UP_CLIENTS = 16;

const MEASURES = { accepts, 'end-to-end': endToEnd, latency };

// Measures an engine that is warm: connections are open, statements are prepared, and the database
// knows what its tables look like.
export async function take(peer, measure, operations, database) {
  const [name, number] = measure.split(':');
  if (!MEASURES[name]) throw new Error(`nothing is measured as ${measure}`);
  const ledger = new Ledger(WARM_UP + operations);
  const run = { peer, ledger, first: WARM_UP, end: WARM_UP + operations, operations };
  await warmUp(run, name === 'accepts' ? Number(number) : undefined);
  const before = await database.checkpointed();
  const figures = await MEASURES[name](run, Number(number));
  const walBytes = ((await database.logPosition()) - before) / operations;
  return { ...figures, walBytes };
}

// The first operations, which count for nothing but must end as all others.
async function warmUp({ peer, ledger }, acceptors) {
  if (acceptors) return each(acceptors, 0, WARM_UP, (number) => peer.accept(number));
  await peer.start((number) => ledger.execute(number));
  await each(WARM_UP_CLIENTS, 0, WARM_UP, (number) => call(peer, number, ledger));
  return allDone(peer, WARM_UP);
}

async function accepts({ peer, first, end, operations }, clients) {
  const begin = performance.now();
  await each(clients, first, end, (number) => peer.accept(number));
  const took = performance.now() - begin;
  if (!(await peer.allAccepted(end))) throw new Error('accepts were lost');
  return { value: (operations * 1e3) / took };
}

async function endToEnd({ peer, ledger, first, end, operations }, inFlight) {
  const begin = performance.now();
  await each(inFlight, first, end, (number) => call(peer, number, ledger));
  await allDone(peer, end);
  const took = performance.now() - begin;
  ledger.check();
  return { value: (operations * 1e3) / took };
}

// Operations come when they are due, whether or not the ones before have ended.
async function latency({ peer, ledger, first, end }, rate) {
  const begin = performance.now();
  const calls = [];
  for (let number = first; number < end; number += 1) {
    const due = begin + ((number - first) * 1e3) / rate;
    while (performance.now() < due) await sleep(Math.max(1, due - performance.now()));
    calls.push(call(peer, number, ledger).then((at) => at - due));
  }
  const times = (await Promise.all(calls)).sort((one, other) => one - other);
  await allDone(peer, end);
  ledger.check();
  const at = (share) => times[Math.round((times.length - 1) * share)];
  return { value: at(0.5), p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

async function call(peer, number, ledger) {
  if (peer.call) return peer.call(number);
  await peer.accept(number);
  return ledger.executed(number);
}

// `clients` at the same time, each with one operation after the other.
async function each(clients, first, end, one) {
  let next = first;
  const client = async () => {
    while (next < end) {
      const number = next;
      next += 1;
      await one(number);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function allDone(peer, operations) {
  while (!(await peer.allDone(operations))) await sleep(LOOK);
}
