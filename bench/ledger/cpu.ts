/** Processor time. */

/** User and system time that all threads of this process have used, in µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
