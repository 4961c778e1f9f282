// The `between` condition of a grant: hours and weekdays in a time zone, including daylight saving time.
import type { BetweenConfig } from '../../config/schema/grant.js';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The start is inclusive, the end exclusive. A window across midnight belongs to the day on which it starts. */
export class TimeWindow {
  readonly #clock: Intl.DateTimeFormat;
  readonly #weekdays: readonly string[] | undefined;
  /** Minutes since midnight. */
  readonly #start: number;
  readonly #end: number;

  /** @throws RangeError for an unknown time zone. */
  constructor({ hours = '00:00-24:00', weekdays, timeZone }: BetweenConfig) {
    this.#clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.#weekdays = weekdays;
    [this.#start = 0, this.#end = 0] = hours.split('-').map(minutesOf);
  }

  contains(time: Date): boolean {
    const parts = Object.fromEntries(this.#clock.formatToParts(time).map(({ type, value }) => [type, value]));
    const day = WEEKDAYS.indexOf(parts['weekday'] ?? '');
    const minutes = Number(parts['hour']) * 60 + Number(parts['minute']);
    if (this.#start < this.#end)
      return this.#start <= minutes && minutes < this.#end && this.#includesDay(day);
    const dayBefore = day + 6;
    return (
      (minutes >= this.#start && this.#includesDay(day)) ||
      (minutes < this.#end && this.#includesDay(dayBefore))
    );
  }

  #includesDay(day: number): boolean {
    return this.#weekdays?.includes(WEEKDAYS[day % 7] ?? '') ?? true;
  }
}

function minutesOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}
