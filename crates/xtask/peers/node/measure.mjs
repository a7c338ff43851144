// The same load on every engine.
//
// A peer has: start(execute), which starts workers that call execute(number); accept(number), which
// records one operation durably; allDone(operations) and allAccepted(operations), which ask the database;
// and perhaps call(number, ledger), which records one, waits for it and answers when that was.

import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from './ledger.mjs';

// How often it is looked whether all ends are recorded, in milliseconds.
const LOOK = 2;

const MEASURES = { accepts, 'end-to-end': endToEnd, latency };

export async function take(peer, measure, operations, database) {
  const [name, number] = measure.split(':');
  if (!MEASURES[name]) throw new Error(`nothing is measured as ${measure}`);
  const before = await database.checkpointed();
  const figures = await MEASURES[name](peer, Number(number), operations);
  const walBytes = ((await database.logPosition()) - before) / operations;
  return { ...figures, walBytes };
}

async function accepts(peer, clients, operations) {
  const begin = performance.now();
  await each(clients, operations, (number) => peer.accept(number));
  const took = performance.now() - begin;
  if (!(await peer.allAccepted(operations))) throw new Error('accepts were lost');
  return { value: (operations * 1e3) / took };
}

async function endToEnd(peer, inFlight, operations) {
  const ledger = new Ledger(operations);
  await peer.start((number) => ledger.execute(number));
  const begin = performance.now();
  await each(inFlight, operations, (number) => call(peer, number, ledger));
  while (!(await peer.allDone(operations))) await sleep(LOOK);
  const took = performance.now() - begin;
  ledger.check();
  return { value: (operations * 1e3) / took };
}

// Operations come when they are due, whether or not the ones before have ended.
async function latency(peer, rate, operations) {
  const ledger = new Ledger(operations);
  await peer.start((number) => ledger.execute(number));
  const begin = performance.now();
  const calls = [];
  for (let number = 0; number < operations; number += 1) {
    const due = begin + (number * 1e3) / rate;
    while (performance.now() < due) await sleep(Math.max(1, due - performance.now()));
    calls.push(call(peer, number, ledger).then((at) => at - due));
  }
  const times = (await Promise.all(calls)).sort((one, other) => one - other);
  while (!(await peer.allDone(operations))) await sleep(LOOK);
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
async function each(clients, operations, one) {
  let next = 0;
  const client = async () => {
    while (next < operations) {
      const number = next;
      next += 1;
      await one(number);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}
