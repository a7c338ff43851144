// DBOS: a workflow of one step, started where it is accepted, which spares it the way through a queue.

import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';

const COUNT = 'select count(*)::int from dbos.workflow_status';
const OPEN = `select exists (select from dbos.workflow_status where status <> 'SUCCESS') as yes`;

export async function open(database) {
  let execute = () => {};
  const noop = DBOS.registerWorkflow(
    (number) => DBOS.runStep(async () => execute(number), { name: 'noop' }),
    { name: 'noop' },
  );
  DBOS.setConfig({
    name: 'peers',
    systemDatabaseUrl: database.url,
    systemDatabasePoolSize: 32,
    logLevel: 'error',
  });
  await DBOS.launch();
  const client = await DBOSClient.create({ systemDatabaseUrl: database.url });
  const allAccepted = async (operations) => (await database.row(COUNT)).count === operations;
  return {
    start: async (given) => {
      execute = given;
    },
    // Into a queue that nobody reads.
    accept: (number) => client.enqueue({ queueName: 'nobody', workflowName: 'noop' }, number),
    call: async (number) => {
      const handle = await DBOS.startWorkflow(noop)(number);
      await handle.getResult();
      return performance.now();
    },
    allDone: async (operations) =>
      !(await database.row(OPEN)).yes && (await allAccepted(operations)),
    allAccepted,
  };
}
