/**
 * Comes in: what happens in `read/`, `write/`, `functions/` and `fault/`. Goes out: the same as events, to those who listen
 * to this site and to the channels `payload-kv:<type>` of `node:diagnostics_channel`.
 */
import { channel } from 'node:diagnostics_channel';
import {
  type CacheEvent,
  EVENT_TYPES,
  type EventListener,
  type Events,
  type EventType,
} from '../../interfaces/events.js';

const channels = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, channel(`payload-kv:${type}`)]),
) as Record<EventType, ReturnType<typeof channel>>;
const every = Object.values(channels);

/**
 * Creates the events of one Payload instance.
 *
 * @param instance its number in this process
 * @param onFault hears what a listener throws
 */
export function createEvents(instance: string, onFault: (error: unknown) => void): Events {
  let listeners: readonly EventListener[] = [];
  return {
    isHeard: () => listeners.length > 0 || every.some(({ hasSubscribers }) => hasSubscribers),
    tell(told, args, question, filled) {
      const event = told as CacheEvent;
      event.time = Date.now();
      event.instance = instance;
      channels[event.type].publish(event);
      for (const listener of listeners) {
        try {
          const returned = listener(event, args, question, filled) as unknown;
          // It may be `async`, and nobody else is there to hear that it failed.
          (returned as Promise<void> | undefined)?.catch?.(onFault);
        } catch (error) {
          onFault(error);
        }
      }
    },
    listen(listener) {
      // One listener may listen twice.
      const own: EventListener = (event, args, question, filled) => listener(event, args, question, filled);
      listeners = [...listeners, own];
      return () => {
        listeners = listeners.filter((each) => each !== own);
      };
    },
  };
}
