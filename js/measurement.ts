// What GA4 measures by itself ("enhanced measurement"), measured here as it is there, as far as some rule asks about it.
// https://support.google.com/analytics/answer/9216061

import { hear } from './listeners';
import type { Guard } from './placements';
import { whenScrolled } from './signals';

/** Whom measurement tells, and of what. */
interface Engine {
  /** Every event that some rule asks about. */
  events: readonly string[];
  track(event: string, params: Record<string, unknown>): void;
  guard: Guard;
}

const FILE = /\.(pdf|xlsx?|docx?|txt|rtf|csv|exe|key|pps|pptx?|7z|pkg|rar|gz|zip|avi|mov|mp4|mpe?g|wmv|midi?|mp3|wav|wma)$/i;
const SEARCH = ['q', 's', 'search', 'query', 'keyword'];
/** How much of a video was played, in percent: 0 is its start, 100 its end. */
const MARKS = [0, 10, 25, 50, 75, 100];
const DEPTH = 90;

/** A form's field may go by any of these names, and then hides the form's own. */
const own = (form: HTMLFormElement, name: 'id' | 'name' | 'action'): string => Reflect.get(HTMLFormElement.prototype, name, form) as string;

const isLink = (node: EventTarget): node is HTMLAnchorElement => node instanceof HTMLAnchorElement || node instanceof HTMLAreaElement;

/** Begins at once, with the page view at hand. */
export const measure = ({ events, track, guard }: Engine) => {
  const forms = new WeakSet<HTMLFormElement>();
  const videos = new WeakMap<HTMLVideoElement, { url: string; next: number }>();
  let isDeep = false;

  const isAsked = (event: string): boolean => events.includes(event);
  const tell = (event: string, params: Record<string, unknown>): void => {
    if (isAsked(event)) track(event, params);
  };
  const on = (asked: string[], types: string[], heard: (event: never) => void): void => {
    if (!asked.some(isAsked)) return;
    for (const type of types) hear(document, type, guard(heard), { capture: true });
  };

  const tellForm = (event: string, form: HTMLFormElement): void =>
    tell(event, { form_id: own(form, 'id'), form_name: own(form, 'name'), form_destination: own(form, 'action') });

  on(['form_start'], ['change'], ({ target }: Event) => {
    const { form } = target as Partial<HTMLInputElement>;
    if (!(form instanceof HTMLFormElement) || forms.has(form)) return;
    forms.add(form);
    tellForm('form_start', form);
  });
  on(['form_submit'], ['submit'], ({ target }: Event) => {
    if (target instanceof HTMLFormElement) tellForm('form_submit', target);
  });

  on(['click', 'file_download'], ['click', 'auxclick'], (event: MouseEvent) => {
    const link = event.composedPath().find(isLink);
    // Not the second click of two, nor one that only opens a menu.
    if (!link || event.detail > 1 || event.button > 1) return;
    const { href, id, className, hostname, pathname } = link;
    const params = { link_url: href, link_domain: hostname, link_id: id, link_classes: className };
    const [, extension] = FILE.exec(pathname) ?? [];
    if (hostname && hostname !== location.hostname) tell('click', { ...params, outbound: true });
    if (extension) {
      tell('file_download', { ...params, link_text: link.textContent?.trim(), file_name: pathname, file_extension: extension.toLowerCase() });
    }
  });

  on(['video_start', 'video_progress', 'video_complete'], ['playing', 'timeupdate', 'ended'], ({ target, type }: Event) => {
    // What plays over and over without a sound is decoration; what is paused and moves is being sought in.
    if (!(target instanceof HTMLVideoElement) || (target.loop && target.muted) || (type === 'timeupdate' && target.paused)) return;
    const { currentSrc: url, currentTime, duration, title } = target;
    let video = videos.get(target);
    if (video?.url !== url) videos.set(target, (video = { url, next: 0 }));
    // The end is reached by `ended` alone.
    const played = type === 'ended' ? 100 : Math.min(99, (100 * currentTime) / duration || 0);
    for (let mark: number | undefined; (mark = MARKS[video.next]) !== undefined && mark <= played; video.next += 1) {
      tell(mark === 0 ? 'video_start' : mark === 100 ? 'video_complete' : 'video_progress', {
        video_percent: mark,
        video_current_time: Math.round(currentTime),
        video_duration: Math.round(duration),
        video_url: url,
        video_title: title,
      });
    }
  });

  const search = (): void => {
    const query = new URLSearchParams(location.search);
    const term = SEARCH.map((key) => query.get(key)?.trim()).find(Boolean);
    if (term) tell('view_search_results', { search_term: term });
  };

  if (isAsked('scroll')) {
    whenScrolled((share) => {
      if (isDeep || share * 100 < DEPTH) return;
      isDeep = true;
      tell('scroll', { percent_scrolled: DEPTH });
    }, guard);
  }
  search();

  return {
    /** Call after another page view was told. */
    again: guard(() => {
      isDeep = false;
      search();
    }),
  };
};
