// Hours and weekdays as the clocks of a place show them, daylight saving time included. The start belongs to the hours,
// the end does not; hours over midnight belong to the day on which they begin.
import type { BetweenConfig } from '../../config/schema/grant.js';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** @throws RangeError for a time zone that is not known. */
export function compileTimeWindow({ hours, weekdays, timeZone }: BetweenConfig): (now: Date) => boolean {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const [start = 0, end = 0] = (hours ?? '00:00-24:00').split('-').map(minutesOf);
  const on = (day: number) => weekdays?.includes(WEEKDAYS[day % 7] as never) ?? true;
  return (now) => {
    const shown = Object.fromEntries(clock.formatToParts(now).map(({ type, value }) => [type, value]));
    const day = WEEKDAYS.indexOf(shown['weekday'] ?? '');
    const minutes = Number(shown['hour']) * 60 + Number(shown['minute']);
    if (start < end) return start <= minutes && minutes < end && on(day);
    return (minutes >= start && on(day)) || (minutes < end && on(day + 6));
  };
}

function minutesOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}
