import { Button, DrawerActions, DrawerHead, DrawerPanelBody, DrawerPanelContent, Title } from '@patternfly/react-core';
import type { PreflightAnswer } from '#contract/channels.ts';
import type { Side } from '#contract/migration.ts';
import { CopyButton } from '#renderer/components/CopyButton.tsx';
import { ScrollRegion } from '#renderer/components/ScrollRegion.tsx';

interface ReviewDrawerProps {
  readonly review: PreflightAnswer['review'] | undefined;
  readonly onClose: () => void;
}

/** The very commands that each QEMU will be sent, in their order. */
export function ReviewDrawer({ review = [], onClose }: ReviewDrawerProps) {
  return (
    <DrawerPanelContent aria-labelledby="review-title" widths={{ default: 'width_50', '2xl': 'width_33' }}>
      <DrawerHead>
        <Title headingLevel="h2" size="lg" id="review-title">
          What each QEMU will be sent
        </Title>
        <p className="sy-subtle">In this order; the answers are read before the next is sent.</p>
        <DrawerActions>
          <Button id="review-close" variant="plain" aria-label="Close the review" onClick={onClose}>
            ✕
          </Button>
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        <ScrollRegion label="QMP commands" className="sy-review">
          <ol>
            {groups(review).map(({ side, commands }, index) => (
              <li key={index}>
                <div className="sy-review-side">
                  {side === 'source' ? 'Source' : 'Destination'}
                  <CopyButton text={commands.join('\n')} label={`Copy what the ${side} is sent`} />
                </div>
                {commands.map((command, position) => (
                  <pre key={position}>{command}</pre>
                ))}
              </li>
            ))}
          </ol>
        </ScrollRegion>
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
}

/** Neighbouring commands to the same side belong together. */
function groups(review: PreflightAnswer['review']): { readonly side: Side; readonly commands: string[] }[] {
  const grouped: { readonly side: Side; readonly commands: string[] }[] = [];
  for (const { side, command } of review) {
    const last = grouped.at(-1);
    if (last?.side === side) last.commands.push(command);
    else grouped.push({ side, commands: [command] });
  }
  return grouped;
}
