# The lab's guest: one boot sector, no operating system. It dirties known memory for ever, in an order that lets a
# reader prove that a copy of that memory is exact.
#
#   1. prints `A` on COM1 (once: a second `A` means that the machine was reset, not migrated);
#   2. gives every page of [START, END) the first byte 0 and, at MARKER_OFFSET, its own address: no page is all zeroes,
#      so the first copy of each page travels whole, and a page that lands in the wrong place shows;
#   3. walks the range upwards for ever, adding 1 (mod 256) to the first byte of each page.
#
# PAGES_PER_TICK pages are walked per tick of the 100 Hz timer and the processor sleeps in between; 0 means: never sleep.
# A `B` goes out on COM1 every HEARTBEAT ticks (every HEARTBEAT pages when the guest never sleeps).
#
# Built by build.ts with binutils. The parameter block near the end is patched by image.ts when a lab is made.
# PC facts used: the BIOS loads the sector at 0x7C00 in real mode; i8042/port 92h fast A20; 8259A initialisation words;
# 8254 control word; 16550 line status register; IA-32 segment and interrupt gate descriptors (Intel SDM vol. 3, 3.4.5, 6.11).

        .set LOADED_AT,      0x7C00
        .set STATE,          0x8000          # guest state: outside the sector, far below any walked range
        .set STEPS,          STATE + 0       # u64: pages stepped since boot
        .set TICKS,          STATE + 8       # u32: timer interrupts handled
        .set IDT,            0x9000
        .set STACK_TOP,      0x7C00

        .set PAGE,           4096
        .set MARKER_OFFSET,  8

        .set CODE_SELECTOR,  8
        .set DATA_SELECTOR,  16

        .set COM1,           0x3F8
        .set COM1_STATUS,    COM1 + 5
        .set PIC1_COMMAND,   0x20
        .set PIC1_DATA,      0x21
        .set PIC2_DATA,      0xA1
        .set PIT_CHANNEL_0,  0x40
        .set PIT_COMMAND,    0x43
        .set FAST_A20,       0x92

        .set TIMER_VECTOR,   0x20
        .set PIC1_LINES,     8
        .set PIT_DIVISOR,    11932           # 1193182 Hz / 11932 = 100.0 Hz

        .text
        .code16
        .globl _start
_start:
        cli
        cld
        ljmp    $0, $1f                      # some BIOSes enter as 07C0:0000
1:      xor     %ax, %ax
        mov     %ax, %ds
        in      $FAST_A20, %al
        or      $2, %al
        and     $0xFE, %al                   # bit 0 would reset the machine
        out     %al, $FAST_A20
        lgdt    gdt_pointer
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmp    $CODE_SELECTOR, $protected_mode

        .code32
protected_mode:
        mov     $DATA_SELECTOR, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $STACK_TOP, %esp

        mov     $'A', %al
        call    put_byte

        xor     %eax, %eax
        mov     $STATE, %edi
        stosl
        stosl
        stosl

# Every line of the first interrupt controller leads to a handler that only returns: the controller acknowledges by itself
# (auto end-of-interrupt), and what the interrupt is for is to end `hlt`.
        mov     $IDT + TIMER_VECTOR * 8, %edi
        mov     $PIC1_LINES, %ecx
1:      mov     $(CODE_SELECTOR << 16) + (interrupt - _start + LOADED_AT), %eax
        stosl
        mov     $0x00008E00, %eax            # present, ring 0, 32-bit interrupt gate; the handler lies below 64 KiB
        stosl
        loop    1b
        lidt    idt_pointer

        mov     $0x11, %al                   # ICW1: edge triggered, cascaded, ICW4 follows
        out     %al, $PIC1_COMMAND
        mov     $TIMER_VECTOR, %al           # ICW2: vectors away from the processor's exceptions
        out     %al, $PIC1_DATA
        mov     $0x04, %al                   # ICW3: the second controller hangs on line 2
        out     %al, $PIC1_DATA
        mov     $0x03, %al                   # ICW4: 8086 mode, automatic end of interrupt
        out     %al, $PIC1_DATA
        mov     $0xFF, %al                   # the second controller stays silent
        out     %al, $PIC2_DATA
        mov     $0xFE, %al                   # of the first, only line 0: the timer
        out     %al, $PIC1_DATA

        mov     $0x34, %al                   # channel 0, low then high byte, mode 2 (rate generator), binary
        out     %al, $PIT_COMMAND
        mov     $PIT_DIVISOR & 0xFF, %al
        out     %al, $PIT_CHANNEL_0
        mov     $PIT_DIVISOR >> 8, %al
        out     %al, $PIT_CHANNEL_0

        mov     start, %ebx
1:      movb    $0, (%ebx)
        mov     %ebx, MARKER_OFFSET(%ebx)
        add     $PAGE, %ebx
        cmp     end, %ebx
        jb      1b

# From here on: ebx = next page to step, esi = pages left in this tick, edi = beats left until the next heartbeat.
        mov     start, %ebx
        mov     heartbeat, %edi
        mov     pages_per_tick, %esi
        test    %esi, %esi
        jz      restless

paced:
        call    step
        dec     %esi
        jnz     paced
        sti                                  # takes effect after the next instruction: no tick is lost before hlt
        hlt
        cli
        incl    TICKS
        call    beat
        mov     pages_per_tick, %esi
        jmp     paced

restless:
        call    step
        call    beat
        jmp     restless

# The counter follows the byte: a stop between the two leaves STEPS one behind, never ahead.
step:
        incb    (%ebx)
        addl    $1, STEPS
        adcl    $0, STEPS + 4
        add     $PAGE, %ebx
        cmp     end, %ebx
        jb      1f
        mov     start, %ebx
1:      ret

beat:
        dec     %edi
        jnz     1f
        mov     heartbeat, %edi
        mov     $'B', %al
        call    put_byte
1:      ret

put_byte:
        mov     %al, %ah
        mov     $COM1_STATUS, %dx
1:      in      (%dx), %al
        test    $0x20, %al                   # transmitter holding register empty
        jz      1b
        mov     %ah, %al
        mov     $COM1, %dx
        out     %al, (%dx)
        ret

interrupt:
        iret

        .balign 8, 0                         # zeroes: the choice of filler differs between assemblers
gdt:    .quad   0
        .quad   0x00CF9A000000FFFF           # flat 4 GiB, code, ring 0
        .quad   0x00CF92000000FFFF           # flat 4 GiB, data, ring 0
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt
idt_pointer:
        .word   (TIMER_VECTOR + PIC1_LINES) * 8 - 1
        .long   IDT

# The parameter block: offsets are a contract with image.ts, which also finds it in the memory of a running guest.
        .org    0x1E0
        .ascii  "SYLABv01"                   # 0x1E0  identifies the sector and the layout of what follows
start:          .long 0x00100000             # 0x1E8  first page walked
end:            .long 0x00200000             # 0x1EC  first page not walked
pages_per_tick: .long 1                      # 0x1F0  0 = never sleep
heartbeat:      .long 1                      # 0x1F4  ticks (or pages, when pages_per_tick is 0) per `B`
        .org    0x1FE
        .word   0xAA55
