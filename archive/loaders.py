"""What gives the digitizer, by name."""

SHIPPED = "digitize.engines:load_digitizer"  # module:function(device, engine)
