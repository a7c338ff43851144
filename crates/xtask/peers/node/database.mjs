// A database of its own for each measurement, on a server that others use too.

import pg from 'pg';

// Settings without which a figure would not be one of durable work.
const DURABLE = `select current_setting('fsync') = 'on' and
  current_setting('synchronous_commit') = 'on' and current_setting('full_page_writes') = 'on' as yes`;

// As the Rust peers have.
const CONNECTIONS = 32;

export class Database {
  constructor(server, name) {
    this.server = server;
    this.name = name;
    const url = new URL(server);
    url.pathname = `/${name}`;
    this.url = url.toString();
    this.pool = this.newPool();
  }

  static async create(server) {
    const name = `peer_${process.pid}`;
    const durable = await once(server, DURABLE);
    if (!durable.yes) throw new Error('the server does not make its commits durable');
    await once(server, `create database ${name}`);
    return new Database(server, name);
  }

  // Connections for an engine. Their end is of no interest: the database is removed under them.
  newPool() {
    const pool = new pg.Pool({ connectionString: this.url, max: CONNECTIONS });
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }

  // The only row of the answer.
  async row(query) {
    const { rows } = await this.pool.query(query);
    return rows[0];
  }

  // Where the write-ahead log is, right after a look at all tables and a checkpoint: every run then
  // writes as many whole pages.
  async checkpointed() {
    await this.pool.query('analyze');
    await once(this.server, 'checkpoint');
    return this.logPosition();
  }

  // Where the write-ahead log is, in bytes.
  async logPosition() {
    const query = `select (pg_current_wal_lsn() - '0/0')::float8 as at`;
    return (await once(this.server, query)).at;
  }

  // Removes it, whoever is still connected.
  async remove() {
    await once(this.server, `drop database ${this.name} with (force)`);
  }
}

async function once(url, query) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(query);
    return rows[0];
  } finally {
    await client.end();
  }
}
