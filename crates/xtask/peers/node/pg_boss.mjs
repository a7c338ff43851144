// pg-boss with notifications, and batches as large as what is in flight.

import { PgBoss } from 'pg-boss';

const QUEUE = 'noop';

export async function open(database) {
  const boss = new PgBoss({ connectionString: database.url, max: 32, useListenNotify: true });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true });
  const count = (state) => `select count(*)::int from pgboss.job where name = '${QUEUE}' ${state}`;
  const open = `select exists (${count("and state <> 'completed'").replace('count(*)::int', '')}) as yes`;
  const allAccepted = async (operations) => (await database.row(count(''))).count === operations;
  return {
    start: (execute) => {
      const options = {
        batchSize: 256,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
        notifyPollingIntervalSeconds: 0.5,
      };
      return boss.work(QUEUE, options, async (jobs) => {
        for (const job of jobs) execute(job.data.number);
      });
    },
    accept: (number) => boss.send(QUEUE, { number }),
    allDone: async (operations) =>
      !(await database.row(open)).yes && (await allAccepted(operations)),
    allAccepted,
  };
}
