// What was executed: how often, and when.

export class Ledger {
  constructor(operations) {
    this.slots = Array.from({ length: operations }, () => ({ executions: 0 }));
  }

  // The work itself, which is nothing but this note.
  execute(number) {
    const slot = this.slots[number];
    slot.executions += 1;
    slot.at ??= performance.now();
    slot.tell?.(slot.at);
  }

  // Waits until `number` was executed, and answers when that was.
  async executed(number) {
    const slot = this.slots[number];
    return (
      slot.at ??
      new Promise((tell) => {
        slot.tell = tell;
      })
    );
  }

  // Every operation was executed, and none twice.
  check() {
    for (const [number, { executions }] of this.slots.entries()) {
      if (executions !== 1) throw new Error(`operation ${number} was executed ${executions} times`);
    }
  }
}
