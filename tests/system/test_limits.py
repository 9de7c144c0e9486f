"""What a container cannot show: the unit's memory limit and address filter, enforced by a kernel of their own (QEMU)."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.machine import Machine
from tests.system.season import install

TOOLS = ("qemu-system-x86_64:qemu-system-x86", "mke2fs:e2fsprogs")
PROBE = """#!/bin/sh
# Run once after boot; what it finds goes to the serial console.
say() { echo "PROBE $*" > /dev/ttyS0; }
say shipped $(systemctl show homeward -p MemoryMax --value)
mkdir -p /etc/systemd/system/homeward.service.d
cat > /etc/systemd/system/homeward.service.d/tight.conf << END
[Service]
Type=oneshot
ExecStart=
ExecStart=/usr/bin/python3 -c "bytearray(200000000)"
MemoryMax=64M
MemorySwapMax=0
Restart=no
END
systemctl daemon-reload
systemctl start homeward
say tight $(systemctl show homeward -p Result --value)
systemd-run --wait -q -p IPAddressDeny=any -p IPAddressAllow=127.0.0.0/8 \\
    python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("127.0.0.1", 9))'
say loopback $?
systemd-run --wait -q -p IPAddressDeny=any -p IPAddressAllow=127.0.0.0/8 \\
    python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("192.0.2.1", 9))'
say elsewhere $?
systemctl poweroff --no-block
"""
CONFIG = """
[merchants.acme.happy_returns]
retailer_id = "acme"
api_key_file = "key"
[merchants.acme.brightpearl]
base_url = "http://127.0.0.1:1/public-api/acme"
app_ref = "app"
account_token_file = "token"
"""


def test_the_limits_of_the_unit_are_enforced_by_a_real_kernel(bare: Machine, package: Path, tmp_path: Path) -> None:
    subprocess.run([str(Path(__file__).parents[1] / "tools"), *TOOLS], check=False)
    if missing := [tool for tool in (each.split(":")[0] for each in TOOLS) if shutil.which(tool) is None]:
        pytest.skip(f"not installed, and not to be had: {', '.join(missing)}")
    install(bare, package)
    bare.chroot("apt-get", "update", "-qq")
    bare.chroot(
        "apt-get", "install", "-y", "-qq", "--no-install-recommends", "linux-image-cloud-amd64", "initramfs-tools", "kmod",
        "udev", "zstd",
    )  # fmt: skip
    given_probe(bare.tree)

    console = boot(bare.tree, tmp_path)

    told = dict(line.split("PROBE ")[1].split()[:2] for line in console.splitlines() if "PROBE " in line)
    assert told["shipped"] == str(2 * 1024**3)
    assert told["tight"] == "oom-kill"
    assert told["loopback"] == "0"
    assert told["elsewhere"] != "0"


def given_probe(tree: Path) -> None:
    (tree / "etc/fstab").write_text("/dev/vda / ext4 rw,errors=remount-ro 0 1\n")
    (tree / "etc/homeward").mkdir(exist_ok=True)  # made at boot, where nobody did before
    (tree / "etc/homeward/homeward.toml").write_text(CONFIG)
    for secret in ("key", "token"):
        (tree / "etc/homeward" / secret).write_text("none\n")
        (tree / "etc/homeward" / secret).chmod(0o644)
    (tree / "usr/local/sbin/probe").write_text(PROBE)
    (tree / "usr/local/sbin/probe").chmod(0o755)
    unit = tree / "etc/systemd/system/probe.service"
    unit.write_text("[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/usr/local/sbin/probe\n")
    wants = tree / "etc/systemd/system/default.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "probe.service").symlink_to("/etc/systemd/system/probe.service")
    # The probe begins the service itself, with its own limit.
    (tree / "etc/systemd/system/multi-user.target.wants/homeward.service").unlink(missing_ok=True)
    (tree / "etc/systemd/system/sockets.target.wants/homeward.socket").unlink(missing_ok=True)


def boot(tree: Path, folder: Path) -> str:
    """Until it powers itself off; answers what stood on its console."""
    disk = folder / "disk.img"
    subprocess.run(["truncate", "-s", "3G", str(disk)], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(disk)], check=True)
    (kernel,) = (tree / "boot").glob("vmlinuz-*")
    (initrd,) = (tree / "boot").glob("initrd.img-*")
    done = subprocess.run(
        ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1", "-kernel", str(kernel),
         "-initrd", str(initrd), "-append",
         "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=0 random.trust_cpu=on",
         "-drive", f"file={disk},format=raw,if=virtio", "-device", "virtio-rng-pci", "-nographic", "-net", "none",
         "-no-reboot"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=600, check=False,
    )  # fmt: skip
    return done.stdout
