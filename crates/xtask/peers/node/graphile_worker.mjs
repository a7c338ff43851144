// graphile-worker, set as its page on performance says.

import { Logger, makeWorkerUtils, run } from 'graphile-worker';

const logger = new Logger(() => () => {});

export async function open(database) {
  const utils = await makeWorkerUtils({ pgPool: database.newPool(), logger });
  await utils.migrate();
  const count = 'select count(*)::int from graphile_worker._private_jobs';
  return {
    start: (execute) =>
      run({
        preset: {
          worker: {
            concurrentJobs: 24,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
        pgPool: database.newPool(),
        logger,
        noHandleSignals: true,
        taskList: { noop: ({ number }) => execute(number) },
      }),
    accept: (number) => utils.addJob('noop', { number }),
    // A completed job is a deleted one.
    allDone: async () => (await database.row(count)).count === 0,
    allAccepted: async (operations) => (await database.row(count)).count === operations,
  };
}
