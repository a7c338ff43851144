// One measurement of one engine, as one line of JSON. The same arguments, load and line as the program
// `peers` beside this folder: see ../README.md.

import { Database } from './database.mjs';
import { take } from './measure.mjs';

// Longest that one measurement may take, in milliseconds.
const LIMIT = 150_000;

const PEERS = {
  'graphile-worker': './graphile_worker.mjs',
  'pg-boss': './pg_boss.mjs',
  dbos: './dbos.mjs',
};

function argument(name) {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? undefined : process.argv[at + 1];
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

async function main() {
  const name = argument('--peer');
  if (!PEERS[name]) throw new Error(`no peer is called ${name}`);
  const measure = argument('--measure');
  const operations = Number(argument('--operations'));
  const { open } = await import(PEERS[name]);
  const database = await Database.create(argument('--database'));
  try {
    const peer = await open(database);
    const figures = await take(peer, measure, operations, database);
    process.stdout.write(`${JSON.stringify({ peer: name, measure, operations, ...figures })}\n`);
  } finally {
    await database.remove();
  }
}

// Engines write what they do to the standard output, where only the figures belong.
console.log = console.info = console.error;

setTimeout(() => {
  console.error(`not done after ${LIMIT} ms`);
  process.exit(1);
}, LIMIT).unref();

// The database is gone by then, so nothing that an engine still tries is of interest.
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
